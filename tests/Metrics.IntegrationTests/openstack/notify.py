#!/usr/bin/python3
"""Sends numbered notifications with the real Notifier of oslo.messaging, as a service does that has `driver = messagingv2`.

  notify.py URL EXCHANGE COUNT PAUSE   PAUSE in seconds after each; a broker that is away is waited for
"""
import sys, time
from oslo_config import cfg
import oslo_messaging

url, exchange, count, pause = sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4])
conf = cfg.ConfigOpts()
conf([], project="notify")
oslo_messaging.set_transport_defaults(exchange)
transport = oslo_messaging.get_notification_transport(conf, url=url)
# Exchanges that outlive a restart of the broker.
conf.set_override("amqp_durable_queues", True, group="oslo_messaging_rabbit")
conf.set_override("rabbit_retry_interval", 1, group="oslo_messaging_rabbit")
conf.set_override("rabbit_retry_backoff", 0, group="oslo_messaging_rabbit")
notifier = oslo_messaging.Notifier(transport, publisher_id="volume.ctl-1@lvm", driver="messagingv2", topics=["notifications"])
for number in range(count):
    send = (notifier.info, notifier.warn, notifier.error)[number % 3]
    send({"request_id": f"req-{number}", "project_id": "p-1"}, "volume.delete.end", {"volume_id": str(number), "tenant_id": "p-1"})
    time.sleep(pause)
