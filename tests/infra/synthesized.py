"""A synthesized stack and ways to ask it for what matters."""

import json
from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Self

from aws_cdk import App

from app import build

ROOT = Path(__file__).parents[2]
FLAGS = json.loads((ROOT / "cdk.json").read_text())["context"]
Properties = dict[str, Any]


def unbundled_app(directory: Path, **context: object) -> App:
    """An app whose layers are left empty: installing them takes the network."""
    return App(outdir=str(directory), context={**FLAGS, **context, "aws:cdk:bundling-stacks": []})


@dataclass(frozen=True)
class Synthesized:
    """The template of the stack and the directory that holds its assets."""

    template: dict[str, Any] = field(repr=False)
    directory: Path

    @classmethod
    def of(cls, directory: Path, **context: object) -> Self:
        """Synthesize into a directory with the context of cdk.json and these changes."""
        app = unbundled_app(directory, **context)
        name = build(app).stack_name
        return cls(app.synth().get_stack_by_name(name).template, directory)

    @cached_property
    def inventory(self) -> dict[str, int]:
        """How many resources of each type there are."""
        return dict(sorted(Counter(resource["Type"] for resource in self.template["Resources"].values()).items()))

    def resources(self, type_name: str) -> dict[str, dict[str, Any]]:
        """The resources of a type by logical id."""
        return {key: value for key, value in self.template["Resources"].items() if value["Type"] == type_name}

    def properties(self, type_name: str) -> list[Properties]:
        """The properties of the resources of a type."""
        return [resource.get("Properties", {}) for resource in self.resources(type_name).values()]

    def only(self, type_name: str) -> dict[str, Any]:
        """The single resource of a type."""
        (resource,) = self.resources(type_name).values()
        return resource

    def functions(self) -> dict[str, Properties]:
        """The properties of the functions by name."""
        return {function["Handler"].split(".")[0]: function for function in self.properties("AWS::Lambda::Function")}

    def statements(self, function_name: str) -> list[Properties]:
        """What the role of a function is allowed."""
        role = self.functions()[function_name]["Role"]["Fn::GetAtt"][0]
        policies = [p for p in self.properties("AWS::IAM::Policy") if {"Ref": role} in p["Roles"]]
        return [statement for policy in policies for statement in policy["PolicyDocument"]["Statement"]]

    def allowed(self, function_name: str, arn: str) -> set[str]:
        """The actions a function may take on a resource of exactly this ARN."""
        return {
            action
            for statement in self.statements(function_name)
            for action in listed(statement["Action"])
            if arn in map(flat, listed(statement["Resource"]))
        }

    def queue(self, variable: str) -> tuple[str, Properties]:
        """Logical id and properties of the queue whose URL all functions find in this variable."""
        (name,) = {function["Environment"]["Variables"][variable]["Ref"] for function in self.functions().values()}
        return name, self.resources("AWS::SQS::Queue")[name]["Properties"]

    def feeds(self, function_name: str) -> dict[str, Properties]:
        """What feeds a function without a request, by the ARN of the source."""
        return {
            flat(mapping["EventSourceArn"]): mapping
            for mapping in self.properties("AWS::Lambda::EventSourceMapping")
            if self.function_behind(mapping["FunctionName"]) == function_name
        }

    def function_behind(self, reference: object) -> str:
        """The name of the function whose latest version a property refers to."""
        text = json.dumps(reference)
        (name,) = [name for name, arn in self.live_functions.items() if f'"{arn.strip("<>")}"' in text]
        return name

    @cached_property
    def live_functions(self) -> dict[str, str]:
        """The ARN of what is invoked of each function: the alias of its latest version."""
        handlers = {key: each["Properties"]["Handler"] for key, each in self.resources("AWS::Lambda::Function").items()}
        return {
            handlers[alias["Properties"]["FunctionName"]["Ref"]].split(".")[0]: f"<{logical_id}>"
            for logical_id, alias in self.resources("AWS::Lambda::Alias").items()
        }

    @property
    def stream_arn(self) -> str:
        """Of the table's stream."""
        (table,) = self.resources("AWS::DynamoDB::GlobalTable")
        return f"<{table}.StreamArn>"

    def asset(self, key: str) -> Path:
        """The staged directory of an asset by its S3 key."""
        return self.directory / f"asset.{Path(key).stem}"


def flat(value: object) -> str:
    """A property with its intrinsic functions written as text."""
    match value:
        case {"Fn::Join": [separator, parts]}:
            return str(separator).join(map(flat, parts))
        case {"Fn::GetAtt": [resource, attribute]}:
            return f"<{resource}.{attribute}>"
        case {"Ref": reference}:
            return f"<{reference}>"
        case _:
            return str(value)


def listed(value: object) -> list[Any]:
    """Policies write lists of one as the one."""
    return value if isinstance(value, list) else [value]
