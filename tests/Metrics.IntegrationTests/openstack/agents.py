"""Reports to the real neutron-server over its real RPC as the agents of some hosts would, and touches no network.

agents.py NEUTRON-OPTIONS -- HOST...
"""
import sys

import eventlet
eventlet.monkey_patch()
from neutron.agent import rpc
from neutron.common import config
from neutron.conf.agent import common
from neutron_lib import constants, context
from neutron_lib.agent import topics
from oslo_config import cfg

split = sys.argv.index("--")
hosts = sys.argv[split + 1:]
common.register_agent_state_opts_helper(cfg.CONF)
config.register_common_config_options()
config.init(sys.argv[1:split])
config.setup_logging()


def agent(host, binary, kind, topic, **configurations):
    return dict(binary=binary, agent_type=kind, topic=topic, host=host, availability_zone="nova", start_flag=True, configurations=dict(configurations, log_agent_heartbeats=False))


agents = []
for number, host in enumerate(hosts, 1):
    switch = agent(host, "neutron-openvswitch-agent", constants.AGENT_TYPE_OVS, constants.L2_AGENT_TOPIC, bridge_mappings={"physnet1": "br-ex"}, tunnel_types=["vxlan"], tunneling_ip=f"127.0.1.{number}",
                   devices=0, l2_population=False, datapath_type="system", ovs_hybrid_plug=False, vhostuser_socket_dir="/run", integration_bridge="br-int", extensions=[], in_distributed_mode=False,
                   arp_responder_enabled=False, enable_distributed_routing=False, baremetal_smartnic=False, resource_provider_bandwidths={}, ovs_capabilities=dict(datapath_types=["system"], iface_types=["internal", "vxlan"]))
    del switch["availability_zone"]
    agents.append(switch)
agents.append(agent(hosts[0], "neutron-dhcp-agent", constants.AGENT_TYPE_DHCP, topics.DHCP_AGENT, dhcp_driver="neutron.agent.linux.dhcp.Dnsmasq", dhcp_lease_duration=86400, networks=0, subnets=0, ports=0))
agents.append(agent(hosts[0], "neutron-l3-agent", constants.AGENT_TYPE_L3, topics.L3_AGENT, agent_mode="legacy", handle_internal_only_routers=True, routers=0, ex_gw_ports=0, interfaces=0, floating_ips=0, interface_driver="openvswitch"))

admin = context.get_admin_context_without_session()
reports = rpc.PluginReportStateAPI(topics.REPORTS)
while True:
    for state in agents:
        try:
            reports.report_state(admin, state, state.get("start_flag", False))
            state.pop("start_flag", None)
        except Exception as problem:
            print(f"not reported: {problem!r}", flush=True)
    eventlet.sleep(cfg.CONF.AGENT.report_interval)
