#!/usr/bin/python3
"""A small real OpenStack on the loopback, from Debian's packages, for the integration tests.

  cloud.py STATE up [--offset N]     makes and starts everything; again: starts what has died
  cloud.py STATE stop NAME...        stops services
  cloud.py STATE start NAME...       starts them again
  cloud.py STATE down                stops everything

keystone-locking is a second Keystone over the same database, which locks accounts after five failures; it is there once it is started.

Keystone, Placement, Glance, Neutron (with agents that only report), Nova (two computes on the fake driver), Cinder (two pools that
store nothing), on MariaDB, RabbitMQ and memcached. STATE holds configuration, logs, data, services.json and openrc.
Only the services' libraries are installed, so that no daemon starts by itself and no hypervisor comes along.
"""
import base64, concurrent.futures, json, os, pathlib, shutil, signal, socket, subprocess, sys, time, urllib.error, urllib.request

STATE = pathlib.Path(sys.argv[1]).resolve()
ETC, LOG, DATA, BIN = (STATE / d for d in ("etc", "log", "data", "bin"))
SERVICES = STATE / "services.json"
PORTS = {"keystone": 5000, "keystone-locking": 5001, **dict(nova=8774, cinder=8776, placement=8778, glance=9292, neutron=9696, amqp=5672, rabbit=5674, epmd=4370, erlang=5673, memcached=11211)}
COMPUTES = {"fake-1": "FakeDriver", "fake-2": "MediumFakeDriver"}
PASSWORD = "secret-of-the-test"
BEGAN = time.monotonic()


def say(text):
    print(f"[{time.monotonic() - BEGAN:6.1f} s] {text}", flush=True)


def run(*argv, log, **more):
    with open(LOG / f"{log}.out", "ab") as out:
        code = subprocess.call(list(map(str, argv)), stdin=subprocess.DEVNULL, stdout=out, stderr=out, env=clean(), **more)
    if code:
        tail = (LOG / f"{log}.out").read_text(errors="replace")[-2000:]
        sys.exit(f"{argv[0]} ended with {code}:\n{tail}")


def clean(**more):
    return dict(PATH="/usr/sbin:/usr/bin:/sbin:/bin", HOME=str(STATE), LANG="C.UTF-8", PYTHONUNBUFFERED="1", PYTHONWARNINGS="ignore", **more)


# ---- processes: each leads a group of its own, so that its workers go with it
def known():
    return json.loads(SERVICES.read_text()) if SERVICES.exists() else {}


def born(pid):
    try:
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        return None if fields[0] == "Z" else fields[19]
    except OSError:
        return None


def alive(name):
    entry = known().get(name)
    return bool(entry and entry.get("pid") and born(entry["pid"]) == entry["born"])


def define(name, argv, env=None):
    services = known()
    services.setdefault(name, {}).update(argv=[str(a) for a in argv], env=env or {})
    SERVICES.write_text(json.dumps(services, indent=1))


def start(name, argv=None, env=None):
    if argv:
        define(name, argv, env)
    services = known()
    entry = services[name]
    if not alive(name):
        with open(LOG / f"{name}.out", "ab") as out:
            process = subprocess.Popen(entry["argv"], stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True, env=clean(**entry["env"]), cwd=STATE)
        entry.update(pid=process.pid, born=born(process.pid))
    services[name] = entry
    SERVICES.write_text(json.dumps(services, indent=1))


def stop(name, patience=3):
    entry = known().get(name) or {}
    group = entry.get("pid")
    if not group or born(group) not in (None, entry["born"]):
        return
    for sign, wait in ((signal.SIGCONT, 0), (signal.SIGTERM, patience), (signal.SIGKILL, 10)):
        try:
            os.killpg(group, sign)
        except ProcessLookupError:
            return
        end = time.monotonic() + wait
        while time.monotonic() < end:
            try:
                os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                pass
            if not any(line.split()[0] == str(group) and not line.split()[1].startswith("Z") for line in subprocess.check_output(["ps", "-eo", "sid=,stat="], text=True).splitlines()):
                return
            time.sleep(0.1)


def wait(name, what, condition, patience=120):
    end = time.monotonic() + patience
    while True:
        try:
            if condition():
                return
        except (OSError, urllib.error.URLError, subprocess.CalledProcessError):
            pass
        if name and not alive(name):
            sys.exit(f"{name} has ended: " + (LOG / f"{name}.out").read_text(errors="replace")[-1500:])
        if time.monotonic() > end:
            sys.exit(f"{what} did not come about in {patience} s")
        time.sleep(0.2)


def listens(port):
    with socket.create_connection(("127.0.0.1", PORTS[port]), 1):
        return True


def answers(service):
    try:
        urllib.request.build_opener(urllib.request.ProxyHandler({})).open(f"http://127.0.0.1:{PORTS[service]}/", timeout=20).close()
    except urllib.error.HTTPError:
        pass
    return True


# ---- configuration
def ini(path, **sections):
    path.parent.mkdir(parents=True, exist_ok=True)
    text = ""
    for section, options in sections.items():
        text += f"[{section}]\n"
        for key, value in options.items():
            text += "".join(f"{key} = {v}\n" for v in (value if isinstance(value, list) else [value]))
    path.write_text(text)
    return path


def database(name):
    return f"mysql+pymysql://openstack:{PASSWORD}@localhost/{name}?unix_socket={socket_path()}&charset=utf8"


def socket_path():
    return STATE / "mysql.sock"


def auth_url():
    return f"http://127.0.0.1:{PORTS['keystone']}/v3"


def account(user):
    return dict(auth_url=auth_url(), auth_type="password", username=user, password=PASSWORD, project_name="service", user_domain_name="Default", project_domain_name="Default", region_name="RegionOne")


def common(service):
    """What every oslo service wants: DEFAULT, and the sections beside it."""
    default = dict(host="controller", log_file=LOG / f"{service}.log", use_journal="false", use_stderr="false", state_path=DATA / service,
                   transport_url=f"rabbit://openstack:{PASSWORD}@127.0.0.1:{PORTS['amqp']}/", control_exchange=service)
    (DATA / service / "lock").mkdir(parents=True, exist_ok=True)
    beside = dict(oslo_concurrency=dict(lock_path=DATA / service / "lock"), oslo_messaging_notifications=dict(driver="messagingv2"),
                  oslo_messaging_rabbit=dict(heartbeat_in_pthread="false", rabbit_retry_interval=1), oslo_policy=dict(policy_file=ETC / service / "policy.yaml"))
    return default, beside


def token(user):
    return dict(account(user), www_authenticate_uri=auth_url(), memcached_servers=f"127.0.0.1:{PORTS['memcached']}", service_token_roles_required="false")


def uwsgi(name, wsgi):
    # No Content-Length: the end of the connection ends the body, as Debian's own files have it.
    ini(ETC / f"{name}.ini", uwsgi={
        "plugins": "python3", "http-socket": f"127.0.0.1:{PORTS[name]}", "wsgi-file": wsgi, "master": "true", "processes": 2, "threads": 1, "enable-threads": "true", "lazy-apps": "true",
        "need-app": "true", "die-on-term": "true", "no-orphans": "true", "buffer-size": 65535, "rem-header": "Content-Length", "add-header": "Connection: close", "disable-logging": "true"})


def launcher(name, module, before=""):
    path = BIN / name
    path.write_text(f"#!/usr/bin/python3\nimport sys\nfrom {module} import main\n{before}sys.exit(main())\n")
    path.chmod(0o755)
    return path


def configure():
    default, beside = common("keystone")
    default.update(notification_format="cadf", notification_opt_out="")
    beside.update(
        database=dict(connection=database("keystone")), token=dict(provider="fernet"), fernet_tokens=dict(key_repository=ETC / "keystone/fernet"), fernet_receipts=dict(key_repository=ETC / "keystone/fernet"),
        credential=dict(key_repository=ETC / "keystone/credential"), cache=dict(enabled="true", backend="oslo_cache.memcache_pool", memcache_servers=f"127.0.0.1:{PORTS['memcached']}"))
    ini(ETC / "keystone/keystone.conf", DEFAULT=default, **beside)
    # What it makes takes little work to check: many accounts in little time. Nobody else listens to its exchange.
    ini(ETC / "keystone/locking.conf", DEFAULT=dict(default, log_file=LOG / "keystone-locking.log", control_exchange="keystone-locking"), identity=dict(password_hash_rounds=4),
        security_compliance=dict(lockout_failure_attempts=5, lockout_duration=1800), **beside)
    for name in ("keystone", "keystone-locking"):
        uwsgi(name, "/usr/bin/keystone-wsgi-public")

    ini(ETC / "placement/placement.conf", DEFAULT=dict(log_file=LOG / "placement.log", use_stderr="false"), placement_database=dict(connection=database("placement")), api=dict(auth_strategy="keystone"), keystone_authtoken=token("placement"),
        oslo_policy=dict(policy_file=ETC / "placement/policy.yaml"))
    uwsgi("placement", "/usr/bin/placement-api")

    default, beside = common("glance")
    for option in ("host", "state_path"):
        del default[option]
    stores = {f: dict(filesystem_store_datadir=DATA / "glance" / d) for f, d in (("file", "images"), ("os_glance_staging_store", "staging"), ("os_glance_tasks_store", "tasks"))}
    for store in stores.values():
        store["filesystem_store_datadir"].mkdir(parents=True, exist_ok=True)
    ini(ETC / "glance/glance-api.conf", DEFAULT=dict(default, bind_host="127.0.0.1", bind_port=PORTS["glance"], workers=1, enabled_backends="file:file"), glance_store=dict(default_backend="file"),
        database=dict(connection=database("glance")), paste_deploy=dict(config_file="/usr/share/glance-common/glance-api-paste.ini", flavor="keystone"), keystone_authtoken=token("glance"), **stores, **beside)
    launcher("glance", "glance.cmd.api")

    default, beside = common("neutron")
    ini(ETC / "neutron/neutron.conf", DEFAULT=dict(
        default, bind_host="127.0.0.1", bind_port=PORTS["neutron"], api_workers=1, rpc_workers=1, rpc_state_report_workers=0, core_plugin="ml2", service_plugins="router",
        api_paste_config="/usr/share/neutron-common/api-paste.ini", agent_down_time=12, dhcp_agents_per_network=1),
        agent=dict(root_helper="false", report_interval=4), ml2=dict(type_drivers="flat,vxlan", tenant_network_types="vxlan", mechanism_drivers="openvswitch", extension_drivers="port_security"),
        ml2_type_flat=dict(flat_networks="physnet1"), ml2_type_vxlan=dict(vni_ranges="1:1000"), database=dict(connection=database("neutron")),
        nova=account("nova"), placement=account("placement"), keystone_authtoken=token("neutron"), **beside)
    launcher("neutron", "neutron.cmd.eventlet.server")

    default, beside = common("nova")
    shared = dict(DEFAULT=dict(default, my_ip="127.0.0.1", enabled_apis="osapi_compute", report_interval=3, service_down_time=12, periodic_fuzzy_delay=0, update_resources_interval=5),
                  api=dict(auth_strategy="keystone"), wsgi=dict(api_paste_config="/usr/share/nova-common/api-paste.ini"), conductor=dict(workers=1),
                  scheduler=dict(workers=1, discover_hosts_in_cells_interval=3), vnc=dict(enabled="false"), key_manager=dict(backend="nova.keymgr.conf_key_mgr.ConfKeyManager"),
                  service_user=dict(account("nova"), send_service_user_token="true"), placement=account("placement"), neutron=account("neutron"), cinder=dict(os_region_name="RegionOne"),
                  keystone_authtoken=token("nova"), **beside)
    ini(ETC / "nova/nova.conf", **shared, api_database=dict(connection=database("nova_api")), database=dict(connection=database("nova")))
    shutil.copy("/usr/share/nova-common/api-paste.ini", ETC / "nova")
    uwsgi("nova", "/usr/bin/nova-api-wsgi")
    for host, driver in COMPUTES.items():
        # A compute must not know the databases.
        own = dict(shared["DEFAULT"], host=host, compute_driver=f"fake.{driver}", log_file=LOG / f"compute-{host}.log", state_path=DATA / host, instances_path=DATA / host / "instances")
        ini(ETC / f"nova/{host}.conf", **dict(shared, DEFAULT=own))
        (DATA / host / "instances").mkdir(parents=True, exist_ok=True)
    for part in ("conductor", "scheduler", "compute"):
        launcher(f"nova-{part}", f"nova.cmd.{part}")

    default, beside = common("cinder")
    ini(ETC / "cinder/cinder.conf", DEFAULT=dict(
        default, my_ip="127.0.0.1", osapi_volume_listen="127.0.0.1", osapi_volume_listen_port=PORTS["cinder"], osapi_volume_workers=1, api_paste_config="/usr/share/cinder-common/api-paste.ini",
        auth_strategy="keystone", enabled_backends="fake-a,fake-b", default_volume_type="fake", report_interval=3, periodic_interval=5, periodic_fuzzy_delay=0, service_down_time=12, backend_stats_polling_interval=5),
        database=dict(connection=database("cinder")), nova=account("nova"), keystone_authtoken=token("cinder"), **beside,
        **{b: dict(volume_driver="pools.NoStoreDriver", volume_backend_name=b) for b in ("fake-a", "fake-b")})
    # Debian 12's oslo.messaging hands notifiers a context without read_deleted, which its Cinder refuses.
    mend = ("from cinder.context import RequestContext as R\nplain = R.from_dict.__func__\n"
            "R.from_dict = classmethod(lambda cls, v: plain(cls, dict(v, read_deleted=v.get('read_deleted') or 'no')))\n")
    for part in ("api", "scheduler", "volume"):
        launcher(f"cinder-{part}", f"cinder.cmd.{part}", mend)


# ---- database and broker
def sql(statement):
    return subprocess.check_output(["mariadb", "--no-defaults", "--protocol=socket", f"--socket={socket_path()}", "-uroot", "-NB", "-e", statement], text=True, stderr=subprocess.DEVNULL, env=clean()).strip()


def start_base():
    if not (DATA / "mysql/mysql").exists():
        run("mariadb-install-db", "--no-defaults", "--user=root", f"--datadir={DATA}/mysql", "--skip-test-db", "--auth-root-authentication-method=normal", "--skip-name-resolve", log="mariadb-install")
    start("mariadb", ["mariadbd", "--no-defaults", "--user=root", f"--datadir={DATA}/mysql", f"--socket={socket_path()}", f"--pid-file={STATE}/mysql.pid", "--skip-networking", "--skip-log-bin", "--skip-name-resolve",
                      "--character-set-server=utf8mb3", "--innodb-flush-log-at-trx-commit=0", "--skip-innodb-doublewrite", "--innodb-flush-method=nosync", "--innodb-buffer-pool-size=192M", "--max-connections=400"])
    start("memcached", ["memcached", "-l", "127.0.0.1", "-p", PORTS["memcached"], "-U", "0", "-u", "root", "-m", "64"])
    (ETC / "rabbit").mkdir(exist_ok=True)
    (ETC / "rabbit/rabbitmq.conf").write_text(f"listeners.tcp.1 = 127.0.0.1:{PORTS['amqp']}\nmanagement.tcp.ip = 127.0.0.1\nmanagement.tcp.port = {PORTS['rabbit']}\ndefault_user = openstack\n"
                                              f"default_pass = {PASSWORD}\ndisk_free_limit.absolute = 50MB\ncollect_statistics_interval = 2000\nlog.console = false\n")
    (ETC / "rabbit/plugins").write_text("[rabbitmq_management].")
    # Otherwise Erlang starts a port mapper on every address, which outlives us.
    start("epmd", ["epmd", "-port", PORTS["epmd"]], dict(ERL_EPMD_ADDRESS="127.0.0.1"))
    start("rabbitmq", ["/usr/lib/rabbitmq/bin/rabbitmq-server"], dict(
        ERL_EPMD_ADDRESS="127.0.0.1", ERL_EPMD_PORT=str(PORTS["epmd"]), RABBITMQ_NODENAME=f"metrics{PORTS['amqp']}@localhost", RABBITMQ_CONFIG_FILE=str(ETC / "rabbit/rabbitmq"), RABBITMQ_CONF_ENV_FILE=str(ETC / "rabbit/none"),
        RABBITMQ_ADVANCED_CONFIG_FILE=str(ETC / "rabbit/advanced"), RABBITMQ_ENABLED_PLUGINS_FILE=str(ETC / "rabbit/plugins"), RABBITMQ_MNESIA_BASE=str(DATA / "rabbit"), RABBITMQ_LOG_BASE=str(LOG / "rabbit"),
        RABBITMQ_PID_FILE=str(STATE / "rabbit.pid"), RABBITMQ_DIST_PORT=str(PORTS["erlang"]), RUNNING_UNDER_SYSTEMD="1",
        RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS="-kernel inet_dist_use_interface {127,0,0,1} +S 1:1 +sbwt none"))
    wait("mariadb", "MariaDB", lambda: sql("select 1") == "1")
    sql(f"create user if not exists 'openstack'@'localhost' identified by '{PASSWORD}'; grant all on *.* to 'openstack'@'localhost'")


def make_schemas():
    conf = lambda service: f"{ETC}/{service}/{service}.conf"
    nova = ["nova-manage", "--config-file", conf("nova")]
    # Templates, filled from nova.conf when they are used.
    url = "{scheme}://{username}:{password}@{hostname}/%s?{query}"
    work = dict(
        nova=[[*nova, "api_db", "sync"], [*nova, "cell_v2", "map_cell0", "--database_connection", url % "nova_cell0"],
              [*nova, "cell_v2", "create_cell", "--name", "cell1", "--database_connection", url % "{path}", "--transport-url", "{scheme}://{username}:{password}@{hostname}:{port}/"], [*nova, "db", "sync"]],
        neutron=[["neutron-db-manage", "--config-file", conf("neutron"), "upgrade", "heads"]], cinder=[["cinder-manage", "--config-file", conf("cinder"), "db", "sync"]],
        glance=[["glance-manage", "--config-file", f"{ETC}/glance/glance-api.conf", "db_sync"]], keystone=[["keystone-manage", "--config-file", conf("keystone"), "db_sync"]],
        placement=[["placement-manage", "--config-file", conf("placement"), "db", "sync"]])
    missing = [d for d in work if sql(f"select count(*) from information_schema.tables where table_schema='{d}'") < "3"]
    for name in missing + (["nova_api", "nova_cell0"] if "nova" in missing else []):
        sql(f"create database if not exists {name} character set utf8mb3")
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda d: [run(*command, log=f"schema-{d}") for command in work[d]], missing))


# ---- what is in the cloud
def make_resources():
    from keystoneauth1 import adapter, session
    from keystoneauth1.identity import v3
    log_in = lambda: session.Session(auth=v3.Password(auth_url=auth_url(), username="admin", password=PASSWORD, project_name="admin", user_domain_id="default", project_domain_id="default"))
    keystone = adapter.Adapter(log_in(), endpoint_override=auth_url())

    def one(plural, singular, name, **more):
        query = "".join(f"&{k}={more[k]}" for k in ("domain_id", "type") if k in more)
        found = keystone.get(f"/{plural}?name={name}{query}").json()[plural]
        return found[0] if found else keystone.post(f"/{plural}", json={singular: dict(more, name=name)}).json()[singular]

    roles = {name: one("roles", "role", name)["id"] for name in ("admin", "member", "reader", "service")}
    service, demo = (one("projects", "project", name, domain_id="default") for name in ("service", "demo"))
    user = one("users", "user", "demo", domain_id="default", password=PASSWORD)
    keystone.put(f"/projects/{demo['id']}/users/{user['id']}/roles/{roles['member']}")
    for name, kind, path in (("placement", "placement", ""), ("glance", "image", ""), ("neutron", "network", ""), ("nova", "compute", "/v2.1"), ("cinder", "block-storage", "/v3")):
        user = one("users", "user", name, domain_id="default", password=PASSWORD)
        for role in ("admin", "service"):
            keystone.put(f"/projects/{service['id']}/users/{user['id']}/roles/{roles[role]}")
        entry = one("services", "service", name, type=kind)
        if not keystone.get(f"/endpoints?service_id={entry['id']}").json()["endpoints"]:
            for interface in ("public", "internal", "admin"):
                keystone.post("/endpoints", json={"endpoint": dict(service_id=entry["id"], interface=interface, url=f"http://127.0.0.1:{PORTS[name]}{path}", region_id="RegionOne")})
    yield
    login = log_in()   # its catalogue has the services
    nova = adapter.Adapter(login, service_type="compute", default_microversion="2.55")
    if not nova.get("/flavors").json()["flavors"]:
        for name, ram, vcpus, disk in (("tiny", 512, 1, 1), ("small", 2048, 1, 20)):
            nova.post("/flavors", json={"flavor": dict(name=name, ram=ram, vcpus=vcpus, disk=disk)})
    glance = adapter.Adapter(login, service_type="image")
    if not glance.get("/v2/images?name=nothing").json()["images"]:
        image = glance.post("/v2/images", json=dict(name="nothing", disk_format="raw", container_format="bare", visibility="public")).json()
        glance.put(f"/v2/images/{image['id']}/file", data=b"\0" * 65536, headers={"Content-Type": "application/octet-stream"})
    neutron = adapter.Adapter(login, service_type="network")
    if not neutron.get("/v2.0/networks?name=demo-net").json()["networks"]:
        network = neutron.post("/v2.0/networks", json={"network": dict(name="demo-net", project_id=demo["id"])}).json()["network"]
        neutron.post("/v2.0/subnets", json={"subnet": dict(name="demo-subnet", network_id=network["id"], project_id=demo["id"], ip_version=4, cidr="10.11.12.0/24")})
    cinder = adapter.Adapter(login, service_type="block-storage")
    if "fake" not in {t["name"] for t in cinder.get("/types").json()["volume_types"]}:
        cinder.post("/types", json={"volume_type": {"name": "fake"}})
    yield


def up():
    for folder in (ETC, LOG, DATA, BIN):
        folder.mkdir(parents=True, exist_ok=True)
    here = pathlib.Path(__file__).parent
    (STATE / "ports.json").write_text(json.dumps(PORTS))
    start_base()
    configure()
    make_schemas()
    say("databases")
    wait("rabbitmq", "RabbitMQ", lambda: listens("amqp"))
    for keys in ("fernet", "credential"):
        folder = ETC / "keystone" / keys
        if not folder.exists():
            folder.mkdir(mode=0o700)
            for number in "01":
                (folder / number).write_bytes(base64.urlsafe_b64encode(os.urandom(32)))
                (folder / number).chmod(0o600)
    if not (STATE / "openrc").exists():
        urls = [a for i in ("public", "internal", "admin") for a in (f"--bootstrap-{i}-url", auth_url())]
        run("keystone-manage", "--config-file", ETC / "keystone/keystone.conf", "bootstrap", "--bootstrap-password", PASSWORD, "--bootstrap-region-id", "RegionOne", *urls, log="bootstrap")
    web = lambda name, **env: start(name, ["uwsgi_python3", "--ini", ETC / f"{name}.ini"], env)
    web("keystone", OS_KEYSTONE_CONFIG_FILES=str(ETC / "keystone/keystone.conf"))
    define("keystone-locking", ["uwsgi_python3", "--ini", ETC / "keystone-locking.ini"], dict(OS_KEYSTONE_CONFIG_FILES=str(ETC / "keystone/locking.conf")))
    wait("keystone", "Keystone", lambda: answers("keystone"))
    resources = make_resources()
    next(resources)
    say("Keystone")
    web("placement", OS_PLACEMENT_CONFIG_DIR=str(ETC / "placement"))
    web("nova", OS_NOVA_CONFIG_DIR=str(ETC / "nova"), OS_NOVA_CONFIG_FILES="api-paste.ini;nova.conf")
    for part in ("conductor", "scheduler"):
        start(f"nova-{part}", [BIN / f"nova-{part}", "--config-file", ETC / "nova/nova.conf", "--log-file", LOG / f"nova-{part}.log"])
    start("glance", [BIN / "glance", "--config-file", ETC / "glance/glance-api.conf"])
    start("neutron", [BIN / "neutron", "--config-file", ETC / "neutron/neutron.conf"])
    for part in ("api", "scheduler", "volume"):
        start(f"cinder-{part}", [BIN / f"cinder-{part}", "--config-file", ETC / "cinder/cinder.conf", "--log-file", LOG / f"cinder-{part}.log"], dict(PYTHONPATH=str(here)))
    wait("placement", "Placement", lambda: answers("placement"))
    for host in COMPUTES:
        start(f"compute-{host}", [BIN / "nova-compute", "--config-file", ETC / f"nova/{host}.conf"])
    for service in ("neutron", "glance", "nova"):
        wait(service, service, lambda: answers(service))
    wait("cinder-api", "Cinder", lambda: answers("cinder"))
    start("agents", ["/usr/bin/python3", here / "agents.py", "--config-file", ETC / "neutron/neutron.conf", "--log-file", LOG / "agents.log", "--", *COMPUTES])
    next(resources)
    (STATE / "openrc").write_text(f"export OS_AUTH_URL={auth_url()} OS_IDENTITY_API_VERSION=3 OS_REGION_NAME=RegionOne OS_USERNAME=admin OS_PASSWORD={PASSWORD} OS_PROJECT_NAME=admin OS_USER_DOMAIN_NAME=Default OS_PROJECT_DOMAIN_NAME=Default\n")
    for host in COMPUTES:
        wait(f"compute-{host}", host, lambda: sql(f"select count(*) from nova_api.host_mappings where host='{host}'") == "1")
    wait("agents", "the agents", lambda: sql("select count(*) from neutron.agents") == str(len(COMPUTES) + 2))
    wait("cinder-volume", "the pools", lambda: int(sql("select count(*) from cinder.services where topic='cinder-volume' and updated_at is not null")) >= 2)
    say(f"ready: {len(known())} services")


command = sys.argv[2]
if "--offset" in sys.argv:
    offset = int(sys.argv[sys.argv.index("--offset") + 1])
    PORTS = {name: port + offset for name, port in PORTS.items()}
elif (STATE / "ports.json").exists():
    PORTS = json.loads((STATE / "ports.json").read_text())
if command == "up":
    up()
elif command == "start":
    for service in sys.argv[3:]:
        start(service)
elif command == "stop":
    for service in sys.argv[3:]:
        stop(service)
elif command == "down":
    last = ["rabbitmq", "epmd", "mariadb"]
    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        list(pool.map(stop, [s for s in known() if s not in last]))
    for service in last:
        stop(service, 15)
else:
    sys.exit(__doc__)
