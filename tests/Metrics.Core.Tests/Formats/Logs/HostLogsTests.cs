using System.Globalization;
using System.Text;
using Metrics.Formats.Logs;
using Metrics.Model;
using Metrics.Testing;

namespace Metrics.Tests.Formats.Logs;

/// <summary>
/// What the machine itself writes: logins, rights, services, the kernel, accounts, packages.
/// </summary>
public sealed class HostLogsTests
{
    [Fact]
    public void Sshd() => LogCases.Check("sshd");

    /// <summary>What OpenSSH 9.2 and PAM have written of thirteen clients: keys, passwords, names that try to be a source, HTTP.</summary>
    [Fact]
    public void Sshd_as_it_was_really_written() => LogCases.Check("sshd-real");

    [Fact]
    public void Pam() => LogCases.Check("pam");

    [Fact]
    public void Sudo_su_polkit_and_login() => LogCases.Check("privileges");

    [Fact]
    public void Systemd_init_and_cron() => LogCases.Check("systemd");

    [Fact]
    public void Kernel() => LogCases.Check("kernel");

    [Fact]
    public void Accounts() => LogCases.Check("accounts");

    [Theory]
    [InlineData("packages")]
    [InlineData("dnf")]
    public void Packages(string cases) => LogCases.Check(cases);

    [Fact]
    public void Daemons_that_write_the_logs() => LogCases.Check("syslogd");

    [Fact]
    public void Fail2ban() => LogCases.Check("fail2ban");

    [Fact]
    public void Other_daemons() => LogCases.Check("daemons");

    [Theory]
    [InlineData("Invalid user x from 198.51.100.1 port 22 from 192.0.2.9 port 40020")]
    [InlineData("Failed password for invalid user x from 198.51.100.1 port 22 ssh2 from 192.0.2.9 port 40020 ssh2")]
    [InlineData("Failed password for invalid user x from 198.51.100.1 port 22 ssh1: ruser y from 192.0.2.9 port 40020 ssh2")]
    [InlineData("Failed publickey for x from 192.0.2.9 port 40020 ssh2: RSA-CERT Zg ID a from 198.51.100.1 port 2 (serial 1) CA RSA Zg")]
    [InlineData("Failed publickey for x from 198.51.100.1 port 2 ssh2: C F ID z (serial 1) CA b from 192.0.2.9 port 40020 ssh2: RSA Zg")]
    [InlineData("Disconnecting invalid user x 192.0.2.9 port 40020: Change of username or service not allowed: (x,a) -> (y 198.51.100.1 port 2,b)")]
    [InlineData("Connection closed by invalid user x 198.51.100.1 port 22 192.0.2.9 port 40020 [preauth]")]
    [InlineData("Disconnected from invalid user x 198.51.100.1 port 22 [preauth] 192.0.2.9 port 40020 [preauth]")]
    [InlineData("message repeated 2 times: [ Invalid user ] from 198.51.100.1 from 192.0.2.9 port 40020]")]
    public void A_name_that_holds_a_source_is_no_source(string message)
    {
        LogRecord record = Read("sshd", message);
        (record.Kind, record[EventFields.Outcome], record[EventFields.SourceIp], record[EventFields.SourcePort])
            .Should().Be((EventKinds.HostLogin, "failure", "192.0.2.9", "40020"));
    }

    [Theory]
    [InlineData("Failed publickey for x from 192.0.2.9 port 1 ssh2: C F ID a from 198.51.100.1 port 2 ssh2: b (serial 1) CA RSA Zg")]
    [InlineData("Failed hostbased for a from 198.51.100.1 port 2 ssh2: b from 192.0.2.9 port 1 ssh2: RSA Zg, client user \"c\", client host \"h\"")]
    public void Where_nobody_can_tell_there_is_no_source(string message)
    {
        LogRecord record = Read("sshd", message);
        (record.Kind, record[EventFields.Outcome], record[EventFields.SourceIp]).Should().Be((EventKinds.HostLogin, "failure", null));
    }

    [Theory]
    [InlineData("CRON", "pam_unix(cron:session): session opened for user root(uid=0) by (uid=0)")]
    [InlineData("systemd", "pam_unix(systemd-user:session): session opened for user ann(uid=1000) by (uid=0)")]
    [InlineData("runuser", "pam_unix(runuser:session): session opened for user postgres(uid=112) by (uid=0)")]
    [InlineData("su", "pam_unix(su:session): session opened for user root(uid=0) by ann(uid=1000)")]
    [InlineData("sudo", "pam_unix(sudo:session): session opened for user root(uid=0) by ann(uid=1000)")]
    [InlineData("systemd-logind", "New session c3 of user rabbitmq.")]
    [InlineData("sshd", "Accepted key ED25519 SHA256:Zg found at /home/ann/.ssh/authorized_keys:1")]
    public void What_is_no_login_does_not_become_one(string program, string message) =>
        Read(program, message).Kind.Should().NotBe(EventKinds.HostLogin);

    [Fact]
    public void A_line_that_stands_for_several_says_for_how_many()
    {
        LogRecord record = Read("sshd", "message repeated 5 times: [ Failed password for root from 192.0.2.9 port 22 ssh2]");
        (record.Kind, record[EventFields.Count], record[EventFields.UserName]).Should().Be((EventKinds.HostLogin, "5", "root"));
    }

    private static LogRecord Read(string program, string message)
    {
        var record = new LogRecord();
        byte[] line = Encoding.UTF8.GetBytes($"Nov 26 08:00:00 ctl-1 {program}: {message}");
        SyslogLines.Format.Parse(line, new LogContext(TimeZoneInfo.Utc) { Now = LogCases.Now }, record);
        return record;
    }
}
