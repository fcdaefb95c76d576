// A charge point built on ocpp-rpc that does what it is told: node commanded.js <endpoint> <identity> <password>
// In strict mode the library holds every request and every answer, ours and its own, against its copy of the schemas.
// Prints a line when it can be commanded; when its input ends, what it was told and what it did, as JSON.
import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { RPCClient } from "ocpp-rpc";

const [endpoint, identity, password] = process.argv.slice(2);
const FIRMWARE = { vendor: "Node", model: "commanded", versions: ["1.0", "2.0"] };
const LOG = "what the charge point remembers\n".repeat(2000);
const configuration = new Map([
  ["HeartbeatInterval", { value: "300", readonly: false }],
  ["NumberOfConnectors", { value: "1", readonly: true }],
  ["AuthorizeRemoteTxRequests", { value: "false", readonly: false }],
]);
const told = [];
const broken = [];
const did = {};
let localList = { version: 0, tags: [] };
let firmwareVersion = FIRMWARE.versions[0];
let work = Promise.resolve();

const station = new RPCClient({
  endpoint,
  identity,
  password,
  protocols: ["ocpp1.6"],
  strictMode: true,
  reconnect: false,
  callTimeoutMs: 20_000,
});
station.on("strictValidationFailure", ({ error }) => broken.push(error.message));
station.on("badMessage", ({ error }) => broken.push(error.message));

const now = () => new Date().toISOString();
const boots = () =>
  station.call("BootNotification", {
    chargePointVendor: FIRMWARE.vendor,
    chargePointModel: FIRMWARE.model,
    firmwareVersion,
  });
const reports = (connectorId, status) =>
  station.call("StatusNotification", { connectorId, errorCode: "NoError", status, timestamp: now() });
const tells = (action, ...statuses) =>
  statuses.reduce((before, status) => before.then(() => station.call(action, { status })), Promise.resolve());

// What follows an answer: one thing after the other, and never before the answer is out.
const afterwards = (task) => {
  work = work
    .then(() => sleep(20))
    .then(task)
    .catch((error) => broken.push(`${error.message} ${JSON.stringify(error.details ?? {})}`));
};
const doing = (status, task) => {
  afterwards(task);
  return { status };
};

const answers = {
  CancelReservation: () => doing("Accepted", () => reports(1, "Available")),
  ChangeAvailability: ({ connectorId, type }) =>
    doing("Accepted", () => reports(connectorId, type === "Operative" ? "Available" : "Unavailable")),
  ChangeConfiguration: ({ key, value }) => {
    const known = configuration.get(key);
    if (!known) return { status: "NotSupported" };
    if (known.readonly) return { status: "Rejected" };
    configuration.set(key, { ...known, value });
    return { status: "Accepted" };
  },
  ClearCache: () => ({ status: "Accepted" }),
  ClearChargingProfile: () => ({ status: "Accepted" }),
  DataTransfer: ({ data }) => ({ status: "Accepted", data: `${data}, too` }),
  GetCompositeSchedule: ({ connectorId, duration }) => ({
    status: "Accepted",
    connectorId,
    scheduleStart: now(),
    chargingSchedule: { duration, chargingRateUnit: "A", chargingSchedulePeriod: [{ startPeriod: 0, limit: 16.0 }] },
  }),
  GetConfiguration: ({ key = [...configuration.keys()] }) => ({
    configurationKey: key.filter((name) => configuration.has(name)).map((name) => ({ key: name, ...configuration.get(name) })),
    unknownKey: key.filter((name) => !configuration.has(name)),
  }),
  GetDiagnostics: ({ location }) => {
    afterwards(async () => {
      await tells("DiagnosticsStatusNotification", "Uploading");
      const upload = await fetch(`${location}diagnostics.log`, { method: "PUT", body: LOG });
      did.uploaded = { status: upload.status, sha256: sha256(LOG) };
      await tells("DiagnosticsStatusNotification", "Uploaded");
    });
    return { fileName: "diagnostics.log" };
  },
  GetLocalListVersion: () => ({ listVersion: localList.version }),
  RemoteStartTransaction: ({ connectorId = 1, idTag }) =>
    doing("Accepted", async () => {
      await reports(connectorId, "Preparing");
      const start = { connectorId, idTag, meterStart: 100, timestamp: now() };
      did.start = await station.call("StartTransaction", start);
      await reports(connectorId, "Charging");
    }),
  RemoteStopTransaction: ({ transactionId }) =>
    doing("Accepted", async () => {
      await station.call("StopTransaction", { transactionId, meterStop: 1100, timestamp: now(), reason: "Remote" });
      await reports(1, "Finishing");
      await reports(1, "Available");
    }),
  ReserveNow: ({ connectorId }) => doing("Accepted", () => reports(connectorId, "Reserved")),
  Reset: () =>
    doing("Accepted", async () => {
      await station.close();
      await station.connect();
      did.reboot = await boots();
    }),
  SendLocalList: ({ listVersion, localAuthorizationList }) => {
    localList = { version: listVersion, tags: localAuthorizationList.map(({ idTag }) => idTag) };
    return { status: "Accepted" };
  },
  SetChargingProfile: () => ({ status: "Accepted" }),
  TriggerMessage: ({ requestedMessage, connectorId }) =>
    requestedMessage === "StatusNotification"
      ? doing("Accepted", () => reports(connectorId, "Available"))
      : { status: "NotImplemented" },
  UnlockConnector: () => ({ status: "Unlocked" }),
  UpdateFirmware: ({ location }) => {
    afterwards(async () => {
      await tells("FirmwareStatusNotification", "Downloading");
      const download = await fetch(location);
      did.downloaded = { status: download.status, sha256: sha256(Buffer.from(await download.arrayBuffer())) };
      await tells("FirmwareStatusNotification", "Downloaded", "Installing");
      firmwareVersion = FIRMWARE.versions[1];
      await boots();
      await tells("FirmwareStatusNotification", "Installed");
    });
    return {};
  },
};
const sha256 = (content) => createHash("sha256").update(content).digest("hex");

for (const [action, answer] of Object.entries(answers)) {
  station.handle(action, ({ params }) => {
    told.push(action);
    return answer(params);
  });
}
await station.connect();
await boots();
await reports(0, "Available");
await reports(1, "Available");
console.log("ready");

process.stdin.resume().on("end", async () => {
  await work;
  await station.close();
  console.log(JSON.stringify({ told, did, localList: localList.tags, broken }));
});
