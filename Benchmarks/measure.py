"""All rows of the speed table: python3 measure.py WORK RESULTS.json [--quick]

WORK holds what Benchmarks/run has put there: cb (stripped), peer, perhaps cb-bench and a venv with pybreaker.
A row that cannot be measured says why; none makes this fail.
"""
import contextlib
import datetime
import fcntl
import hashlib
import json
import os
import platform
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

WORK, RESULTS = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
QUICK = "--quick" in sys.argv[3:]
RUNS = int(os.environ.get("BENCH_RUNS", "60" if QUICK else "600"))
# A command's runs are spread over this many turns, so that what changes on the machine meets all alike.
TURNS = 3
CB = os.path.join(WORK, "cb")
PEER = os.path.join(WORK, "peer")
CB_BENCH = os.path.join(WORK, "cb-bench")

rows = []


class CannotMeasure(Exception):
    pass


def environment(store):
    """Nothing of the caller's: neither a configuration file nor a variable may change what is measured."""
    return {
        "PATH": os.environ["PATH"], "HOME": os.path.join(WORK, "home"), "LC_ALL": "C", "CB_STATE_DIR": store,
    }


def cb(store, *arguments):
    done = subprocess.run([CB, *arguments], env=environment(store), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if done.returncode != 0:
        raise CannotMeasure(f"cb {' '.join(arguments)}: exit {done.returncode}: {done.stderr.decode().strip()}")
    return done.stdout


def medians(commands, store, runs=None):
    """Seconds a command, the median over all turns of one hyperfine run."""
    runs = max(5, (runs or RUNS) // TURNS)
    with tempfile.NamedTemporaryFile(dir=WORK, suffix=".json") as out:
        done = subprocess.run(
            ["hyperfine", "-N", "-i", "--style", "none", "--warmup", str(max(3, runs // 10)), "--runs", str(runs),
             "--export-json", out.name, *(commands * TURNS)],
            env=environment(store), stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if done.returncode != 0:
            raise CannotMeasure(f"hyperfine: {done.stdout.decode().strip()}")
        results = json.load(out)["results"]
    times = [[] for _ in commands]
    for index, result in enumerate(results):
        times[index % len(commands)] += result["times"]
        if set(result["exit_codes"]) & {125, 126, 127}:
            raise CannotMeasure(f"'{result['command']}' did not run: exit codes {sorted(set(result['exit_codes']))}")
    return [statistics.median(each) for each in times]


def add(title, peer_title, ours, peer, goal, unit, note=None, greater_is_better=False):
    """`ratio` is how many times worse ours is; it is met when that is at most `goal`."""
    ratio = peer / ours if greater_is_better else ours / peer
    row = {
        "title": title, "peer": peer_title, "unit": unit, "ours": ours, "theirs": peer, "ratio": round(ratio, 4),
        "goal": goal, "met": ratio <= goal,
    }
    if note:
        row["note"] = note
    rows.append(row)


@contextlib.contextmanager
def row(title):
    """What goes wrong in a row is said in the table."""
    print(f"measuring: {title}", file=sys.stderr)
    try:
        yield
    except (CannotMeasure, OSError, subprocess.SubprocessError, ValueError, KeyError) as error:
        rows.append({"title": title, "peer": None, "met": None, "note": f"not measured: {error}"})


@contextlib.contextmanager
def scratch():
    path = tempfile.mkdtemp(prefix="store-", dir=WORK)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


@contextlib.contextmanager
def redis():
    """A server of our own on a private socket, without persistence; ended by its pid."""
    # The path of a socket has to fit into 107 bytes, and a checkout may lie deep.
    with tempfile.TemporaryDirectory(prefix="cb-bench-") as directory:
        path = os.path.join(directory, "redis.sock")
        server = subprocess.Popen(
            ["redis-server", "--port", "0", "--unixsocket", path, "--save", "", "--appendonly", "no", "--dir", directory],
            stdout=subprocess.DEVNULL)
        try:
            for _ in range(200):
                if os.path.exists(path):
                    break
                time.sleep(0.05)
            else:
                raise CannotMeasure("redis-server did not start")
            yield path
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait()


def populate(store, count):
    """`count` breakers beside `x`: copies of a document that cb has made, each with its lock file, as in real life."""
    cb(store, "run", "x", "--", "true")
    with open(os.path.join(store, "x.json"), encoding="utf-8") as file:
        document = file.read()
    for index in range(count):
        name = f"breaker-{index:05}"
        with open(os.path.join(store, f"{name}.json"), "w", encoding="utf-8") as file:
            file.write(document.replace('"name": "x"', f'"name": "{name}"'))
        os.chmod(file.name, 0o600)
        os.close(os.open(os.path.join(store, f"{name}.lock"), os.O_CREAT | os.O_WRONLY, 0o600))


def fill_history(store):
    """As much history as a breaker can have: real events, and its history file brought to the limit."""
    for _ in range(30):
        cb(store, "open", "x")
        cb(store, "close", "x")
    path = os.path.join(store, "x.history")
    with open(path, "rb") as file:
        lines = file.read()
    if not lines:
        raise CannotMeasure("60 events left no history file")
    with open(path, "ab") as file:
        file.write(lines * ((500 << 10) // len(lines)))


def closed_run():
    run = f"{CB} run x -- true"
    with scratch() as store, row("run, closed, file store"):
        lock = os.path.join(WORK, "flock.lock")
        ours, stacked, plain = medians([run, f"flock {lock} timeout 5 true", "timeout 5 true"], store)
        add("run, closed, file store", "flock F timeout 5 true", ours, stacked, 1.0, "s")
        add("run, closed, file store", "timeout 5 true", ours, plain, 1.5, "s", note="1.25 is the dream")
    with scratch() as store, row("run, closed, against chronic"):
        ours, theirs = medians([run, "chronic true"], store, RUNS // 4)
        add("run, closed, file store", "chronic true", ours, theirs, 0.1, "s")
    with scratch() as store, row("run, closed, against pybreaker"):
        python = os.path.join(WORK, "venv/bin/python")
        has_library = subprocess.run([python, "-c", "import pybreaker"], stderr=subprocess.DEVNULL).returncode == 0 \
            if os.path.exists(python) else False
        script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "python_peer.py")
        # The interpreter itself, not a version manager's shim, which costs more than pybreaker.
        command = f"{python if has_library else sys.executable} {script}"
        ours, theirs = medians([run, command], store, RUNS // 10)
        add("run, closed, file store", "Python with pybreaker", ours, theirs, 0.03, "s",
            note=None if has_library else "pybreaker could not be installed: a script of the same shape")


def rejected_run():
    with scratch() as store, row("run, rejected, file store"):
        cb(store, "open", "x", "--hold")
        lock = os.path.join(WORK, "held.lock")
        with open(lock, "w", encoding="ascii") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            ours, theirs = medians([f"{CB} run x -- true", f"flock -n {lock} true"], store)
        add("run, rejected, file store", "flock -n F true on a held lock", ours, theirs, 1.2, "s")


def redis_run():
    with scratch() as store, row("run, closed, Redis on a unix socket"), redis() as path:
        url = f"redis+unix://{path}"
        cb(store, "run", "--store", url, "x", "--", "true")
        ours, theirs = medians([f"{CB} run --store {url} x -- true", f"{CB} run x -- true"], store)
        add("run, closed, Redis on a unix socket", "the same, file store", ours, theirs, 1.3, "s")


def status():
    with scratch() as store, row("status of 10,000 breakers"):
        populate(store, 9_999)
        ours, theirs = medians([f"{CB} status", f"ls -l {store}"], store, RUNS // 10)
        add("status of 10,000 breakers", "ls -l of the same directory", ours, theirs, 5, "s")


def memory():
    with scratch() as store, row("peak memory of run"):
        cb(store, "run", "x", "--", "true")

        def peak(*command):
            outputs = [subprocess.check_output([PEER, "memory", *command], env=environment(store)) for _ in range(9)]
            return statistics.median(int(output) for output in outputs)

        ours, theirs = peak(CB, "run", "x", "--", "true"), peak("timeout", "5", "true")
        add("peak memory of run", "timeout 5 true", ours, theirs, 5, "kB")


def operations():
    def rate(*command):
        found = json.loads(subprocess.check_output(command))
        return found["operations"] / found["seconds"]

    seconds = "0.3" if QUICK else "2"
    # An admission and its report are two operations. A closed circuit takes the first with a look alone.
    kinds = [
        ("counted", "store operations, all under the lock"),
        ("closed", "store operations, closed circuit"),
    ]
    for kind, title in kinds:
        with scratch() as ours_in, scratch() as theirs_in, row(title):
            if not os.path.exists(CB_BENCH):
                raise CannotMeasure("cb-bench is not built: swift build ... --product cb-bench")
            ours, theirs = [], []
            for _ in range(TURNS):
                ours.append(rate(CB_BENCH, ours_in, kind, seconds))
                theirs.append(rate(PEER, "store", theirs_in, seconds))
            add(title, "flock, read, write, rename in C", statistics.median(ours), statistics.median(theirs), 1.5,
                "a second", greater_is_better=True)


def growth():
    with contextlib.ExitStack() as stack, row("growth of run"):
        stores = [stack.enter_context(scratch()) for _ in range(4)]
        populate(stores[0], 0)
        populate(stores[1], 99)
        populate(stores[2], 9_999)
        populate(stores[3], 0)
        fill_history(stores[3])
        # By option and not by environment, since all of them are in one hyperfine run.
        one, hundred, many, old = medians([f"{CB} run --store file:{s} x -- true" for s in stores], stores[0])
        noise = 1.1
        add("run in a store of 100", "in a store of 1", hundred, one, noise, "s")
        add("run in a store of 10,000", "in a store of 1", many, one, noise, "s")
        add("run with a full history", "with none", old, one, noise, "s")


def machine():
    cpu = "unknown"
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        for line in file:
            if line.startswith("model name"):
                cpu = line.split(":", 1)[1].strip()
                break
    virtual = subprocess.run(["systemd-detect-virt"], stdout=subprocess.PIPE).stdout.decode().strip() \
        if shutil.which("systemd-detect-virt") else ""
    with open("/etc/os-release", encoding="utf-8") as file:
        system = dict(line.rstrip().split("=", 1) for line in file if "=" in line).get("PRETTY_NAME", "").strip('"')
    return {
        "cpu": cpu, "cores": os.cpu_count(), "kernel": f"{platform.system()} {platform.release()}", "system": system,
        "virtual": virtual or None, "file_system": file_system(WORK), "load_before": round(os.getloadavg()[0], 2),
    }


def file_system(path):
    found = subprocess.run(["stat", "-f", "-c", "%T", path], stdout=subprocess.PIPE)
    return found.stdout.decode().strip()


def shown(value, unit):
    if value is None:
        return "-"
    if unit == "s":
        return f"{value * 1000:.2f} ms"
    return f"{value:,.0f} {'kB' if unit == 'kB' else '/s'}"


def table(found):
    m = found["machine"]
    lines = [
        f"{m['cpu']}, {m['cores']} cores, {m['kernel']}, {m['system']}, {m['file_system']}; "
        f"load before: {m['load_before']}; cb {found['binary']['bytes'] / 1e6:.1f} MB; "
        f"medians of {found['runs']} runs"
    ]
    if m["load_before"] > 0.5:
        lines.append("The machine was not quiet: do not quote these figures.")
    lines.append("")
    lines.append(f"{'figure':56} {'peer':32} {'ours':>12} {'peer':>12} {'ratio':>7} {'goal':>6}  met")
    for r in found["rows"]:
        if r["met"] is None:
            lines.append(f"{r['title']:56} {r['note']}")
            continue
        lines.append(
            f"{r['title']:56} {r['peer']:32} {shown(r['ours'], r['unit']):>12} {shown(r['theirs'], r['unit']):>12} "
            f"{r['ratio']:7.3f} {r['goal']:6}  {'yes' if r['met'] else 'NO'}" + (f"  ({r['note']})" if "note" in r else ""))
    return "\n".join(lines)


def main():
    os.makedirs(os.path.join(WORK, "home"), exist_ok=True)
    with open(CB, "rb") as file:
        binary = file.read()
    found = {
        "machine": machine(),
        "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "binary": {"bytes": len(binary), "sha256": hashlib.sha256(binary).hexdigest()},
        "runs": RUNS,
    }
    for measure in (closed_run, rejected_run, redis_run, status, memory, operations, growth):
        measure()
    found["rows"] = rows
    with open(RESULTS, "w", encoding="utf-8") as file:
        json.dump(found, file, indent=2)
        file.write("\n")
    print(table(found))


main()
