using Metrics.Rules.Sigma;
using static Metrics.Tests.Rules.Sigma.SigmaHarness;

namespace Metrics.Tests.Rules.Sigma;

/// <summary>Which logs a rule is about, and what its fields are in events of these; from the lines of the logs themselves.</summary>
public sealed class SigmaLogsourceTests
{
    private const string Execve = """
        type=SYSCALL msg=audit(1795687200.200:43): syscall=59 a0=28 ppid=1 pid=7 auid=1000 uid=0 exe="/usr/bin/chmod" key="exec"
        type=EXECVE msg=audit(1795687200.200:43): argc=3 a0="chmod" a1="777" a2=2F746D702F6120622E747874
        type=CWD msg=audit(1795687200.200:43): cwd="/root"
        type=PATH msg=audit(1795687200.200:43): item=0 name="/usr/bin/chmod" nametype=NORMAL
        type=PATH msg=audit(1795687200.200:43): item=1 name="/lib64/ld-linux-x86-64.so.2" nametype=NORMAL
        """;

    private const string Created = """
        type=SYSCALL msg=audit(1795687200.300:44): arch=c000003e syscall=257 a0=ffffff9c pid=8 auid=1000 exe="/usr/bin/vi" key="etc"
        type=CWD msg=audit(1795687200.300:44): cwd="/etc"
        type=PATH msg=audit(1795687200.300:44): item=0 name="sudoers.d" nametype=PARENT
        type=PATH msg=audit(1795687200.300:44): item=1 name="sudoers.d/x" nametype=CREATE
        """;

    private const string Connected = """
        type=SYSCALL msg=audit(1795687200.400:45): arch=c000003e syscall=42 success=yes exit=0 pid=9 auid=1000 exe="/usr/bin/nc"
        type=SOCKADDR msg=audit(1795687200.400:45): saddr=0200115CC00002070000000000000000
        """;

    private const string Auditd = "{ product: linux, service: auditd }";

    [Theory]
    [InlineData("type: EXECVE, a0: chmod, a1: 777", true)]
    [InlineData("type: execve, a2: '/tmp/a b.txt'", true)]
    [InlineData("type: EXECVE, a0: 28", false)]
    [InlineData("type: SYSCALL, a0: 28", true)]
    [InlineData("type: SYSCALL, a0: chmod", false)]
    [InlineData("type: EXECVE, a3|exists: false", true)]
    [InlineData("type: CWD, a0|exists: true", false)]
    [InlineData("type: SYSCALL, exe|endswith: /chmod, key: exec", true)]
    [InlineData("type: PATH, name|startswith: /lib64/", true)]
    [InlineData("type: PATH, name: /lib64/ld-linux-x86-64.so.2, item: 0", false)]
    [InlineData("type: PATH, name: /usr/bin/chmod, exe: /usr/bin/chmod", true)]
    [InlineData("type: CWD, cwd: /root", true)]
    [InlineData("process.executable: /usr/bin/chmod, user.id: 1000", true)]
    public void Records_of_auditd_are_judged_one_by_one(string selection, bool isFound) =>
        Fires(Rule($"s: {{ {selection} }}\ncondition: s", Auditd), Log("auditd", Execve)).Should().Be(isFound);

    [Fact]
    public void What_one_record_is_not_another_may_be_and_a_keyword_is_looked_for_in_the_whole_event()
    {
        string rule = "s: { type: PATH, name|contains: '/.' }\nf: { name|contains: '/.cache/' }\ncondition: s and not f";
        const string Cache = "type=PATH msg=audit(1.5:1): name=\"/root/.cache/a\" nametype=NORMAL";
        const string Hidden = "type=PATH msg=audit(1.5:1): name=\"/root/.x\" nametype=NORMAL";
        Fires(Rule(rule, Auditd), Log("auditd", Cache)).Should().BeFalse();
        Fires(Rule(rule, Auditd), Log("auditd", $"{Cache}\n{Hidden}")).Should().BeTrue();
        Fires(Rule("e: { type: EXECVE }\nk: ['/tmp/a b.txt']\ncondition: e and k", Auditd), Log("auditd", Execve)).Should().BeTrue();
    }

    [Fact]
    public void A_relayed_record_and_one_of_a_journal_are_found_too()
    {
        const string Pieces = "type=EXECVE msg=audit(1.5:1): argc=2 a0=\"sh\" a1_len=6 a1[0]=\"-c x\" a1[1]=\"yz\"";
        Fires(Rule("s: { type: EXECVE, a1: '-c xyz' }\ncondition: s", Auditd), Line($"<14>ctl-1 audispd: {Pieces}", "event.dataset=auditd"))
            .Should().BeTrue();
        Fires(Rule("s: { type: ADD_USER, acct: ann }\ncondition: s", Auditd),
            Line("ADD_USER pid=1 uid=0 msg='op=add-user acct=\"ann\" res=success'", "event.dataset=auditd", "event.action=add_user"))
            .Should().BeTrue();
    }

    [Theory]
    [InlineData("Image|endswith: /chmod, CommandLine|contains: ' 777 /tmp/a b'", true)]
    [InlineData("CurrentDirectory: /root, User: root, ParentProcessId: 1", true)]
    [InlineData("Image|endswith: /chown", false)]
    public void A_process_is_created_by_execve(string selection, bool isFound)
    {
        string rule = Rule($"s: {{ {selection} }}\ncondition: s", "{ category: process_creation, product: linux }");
        Fires(rule, Log("auditd", Execve)).Should().Be(isFound);
        Fires(rule, Log("auditd", Created)).Should().BeFalse();
    }

    [Fact]
    public void A_file_is_created_by_a_record_that_says_so()
    {
        const string Logs = "{ category: file_event, product: linux }";
        Fires(Rule("s: { TargetFilename: /etc/sudoers.d/x, Image: /usr/bin/vi }\ncondition: s", Logs), Log("auditd", Created))
            .Should().BeTrue();
        Fires(Rule("s: { TargetFilename|contains: / }\ncondition: s", Logs), Log("auditd", Execve)).Should().BeFalse();
    }

    [Fact]
    public void A_connection_is_made_by_connect()
    {
        const string Logs = "{ category: network_connection, product: linux }";
        const string Detection = "s: { Initiated: 'true', DestinationPort: 4444 }\nf: { DestinationIp|cidr: 10.0.0.0/8 }";
        string rule = Rule($"{Detection}\ncondition: s and not f", Logs);
        Fires(rule, Log("auditd", Connected)).Should().BeTrue();
        Fires(rule, Log("auditd", Execve)).Should().BeFalse();
    }

    [Theory]
    [InlineData("cs-method: GET, sc-status: [403, 404], c-useragent|startswith: Nikto/", true)]
    [InlineData("cs-uri-query|contains: 'id=1'", true)]
    [InlineData("cs-uri-query: 'id=1&x=/etc/passwd'", true)]
    [InlineData("cs-uri-query|startswith: /a/", true)]
    [InlineData("c-uri: '/a/b.php?id=1&x=/etc/passwd', cs-uri-stem: /a/b.php, c-uri-extension: php, c-ip: 192.0.2.7", true)]
    [InlineData("c-uri-extension: passwd", false)]
    [InlineData("cs-method: POST", false)]
    public void A_web_server_s_access_log_has_the_fields_of_requests(string selection, bool isFound)
    {
        const string Access =
            "192.0.2.7 - - [26/Nov/2026:10:00:00 +0000] \"GET /a/b.php?id=1&x=/etc/passwd HTTP/1.1\" 404 489 \"-\" \"Nikto/2.5\"";
        string detection = $"s: {{ {selection} }}\ncondition: s";
        Fires(Rule(detection, "{ category: webserver }"), Log("access", Access)).Should().Be(isFound);
        Fires(Rule(detection, "{ category: webserver }"), Line(Access)).Should().BeFalse("a line that nobody understood is no request");
    }

    [Theory]
    [InlineData("{ product: linux }", "service.name=cron", true)]
    [InlineData("{ product: linux }", "kind=http.request event.dataset=access", false)]
    [InlineData("{ product: linux }", "kind=flow.large", false)]
    [InlineData("{ product: linux, service: syslog }", "service.name=named", true)]
    [InlineData("{ product: linux, service: syslog }", "event.dataset=auditd", false)]
    [InlineData("{ product: linux, service: auth }", "kind=host.login", true)]
    [InlineData("{ product: linux, service: auth }", "log.file.path=/var/log/auth.log", true)]
    [InlineData("{ product: linux, service: auth }", "service.name=named", false)]
    [InlineData("{ product: linux, service: sshd }", "service.name=sshd-session", true)]
    [InlineData("{ product: linux, service: sshd }", "service.name=sudo", false)]
    [InlineData("{ product: linux, service: sudo }", "event.dataset=sudo", true)]
    [InlineData("{ product: linux, service: cron }", "service.name=CRON", true)]
    [InlineData("{ product: linux, service: clamav }", "service.name=clamd", true)]
    [InlineData("{ product: linux, service: vsftpd }", "event.dataset=vsftpd", true)]
    [InlineData("{ product: linux, service: guacamole }", "service.name=guacd", true)]
    [InlineData("{ product: linux, service: modsecurity }", "observer.name=ModSecurity", true)]
    [InlineData("{ service: apache }", "event.dataset=apache", true)]
    [InlineData("{ product: nginx, service: access }", "event.dataset=access log.file.path=/var/log/nginx/access.log", true)]
    [InlineData("{ category: webserver, product: apache }", "event.dataset=apache", true)]
    [InlineData("{ category: webserver, product: linux }", "kind=http.request", true)]
    [InlineData("{ product: nginx }", "event.dataset=access log.file.path=/var/log/apache2/access.log", false)]
    [InlineData("{ category: antivirus }", "kind=malware.found", true)]
    [InlineData("{ category: firewall }", "kind=firewall.packet", true)]
    [InlineData("{ product: openstack }", "kind=flow.large", true)]
    [InlineData("{ product: OpenStack, service: Nova }", "service.name=nova-compute", true)]
    [InlineData("{ product: openstack, service: nova }", "service.name=novacron", false)]
    [InlineData("{ product: openstack, service: nova }", "service.name=keystone", false)]
    public void A_logsource_names_the_logs(string logsource, string fields, bool isFound) =>
        Fires(Rule("s: text\ncondition: s", logsource), Event([.. fields.Split(' '), "a text"])).Should().Be(isFound);

    [Theory]
    [InlineData("{ category: proxy }", "metricsd reads no logs of proxy")]
    [InlineData("{ category: webserver, product: openstack }", "metricsd reads no logs of webserver openstack")]
    [InlineData("{ product: windows, service: security }", "metricsd reads no logs of windows security")]
    [InlineData("{ product: linux, service: osquery }", "metricsd reads no logs of linux osquery")]
    [InlineData("{ category: process_creation, product: macos }", "metricsd reads no logs of process_creation macos")]
    public void Other_logs_are_named(string logsource, string message)
    {
        SigmaOutcome outcome = Load(Rule("s: text\ncondition: s", logsource)).Rules.Single();
        outcome.Reason.Should().Be(SigmaReason.Logsource);
        outcome.Faults.Single().Message.Should().Be(message);
    }

    [Fact]
    public void A_field_that_the_logs_do_not_have_is_named() =>
        Load(Rule("s: { ParentImage|endswith: /sh }\ncondition: s", "{ category: process_creation, product: linux }"))
            .Rules.Single().Faults.Single().Message.Should().Be("events of linux process_creation have no field ParentImage");
}
