import resource
import subprocess
import sys


def test_the_soft_limit_is_raised_as_far_as_the_hard_one() -> None:
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    lowered = f"""
import resource
resource.setrlimit(resource.RLIMIT_NOFILE, (512, {hard}))
from local.open_files import allow_many_connections
allow_many_connections()
print(resource.getrlimit(resource.RLIMIT_NOFILE)[0])
"""
    ran = subprocess.run([sys.executable, "-c", lowered], capture_output=True, text=True, check=True)
    assert int(ran.stdout) == (65_536 if hard == resource.RLIM_INFINITY else min(hard, 65_536))
