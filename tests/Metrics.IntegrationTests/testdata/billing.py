"""A small service as OpenStack's are made: oslo.config, oslo.log, and an access log beside it as Apache or uWSGI write one."""
import sys
import time
from http.server import BaseHTTPRequestHandler, HTTPServer

from oslo_config import cfg
from oslo_log import log

LOG = log.getLogger("billing.api")
STORE = log.getLogger("billing.store")


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        code = {"/v1/bills": 200, "/v1/broken": 500}.get(self.path, 404)
        LOG.info("%s %s", self.command, self.path)
        STORE.info("looked up %s", self.path)
        if code == 404:
            LOG.warning("no such resource: %s", self.path)
        if code == 500:
            LOG.error("the database does not answer")
        self.send_response(code)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_request(self, code="-", size="-"):
        now = time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime())
        access.write(f'{self.client_address[0]} - - [{now}] "{self.requestline}" {int(code)} 0\n')
        access.flush()


log.register_options(cfg.CONF)
cfg.CONF(sys.argv[3:], project="billing")
log.setup(cfg.CONF, "billing")
access = open(sys.argv[2], "a", encoding="utf-8")
HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
