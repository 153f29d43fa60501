using Metrics.Model;

namespace Metrics.Formats.Logs.Host;

/// <summary>What a service opens its sessions for.</summary>
internal enum PamUse
{
    /// <summary>Anything else: jobs, mailboxes, screens.</summary>
    Other,

    /// <summary>To change one's own account.</summary>
    Account,

    /// <summary>To log in to the machine.</summary>
    Login,

    /// <summary>To take another account's rights.</summary>
    Rights,

    /// <summary>The same, and who calls is named as <c>ruser</c>, while <c>user</c> is whose rights are wanted.</summary>
    RightsOfUser,
}

/// <summary>The services that are known.</summary>
internal static class PamUses
{
    /// <summary>What a service, by its name as PAM has it, opens its sessions for.</summary>
    public static PamUse Of(ReadOnlySpan<byte> service) => TextPool.Shared.Get(service) switch
    {
        "sshd" or "login" or "remote" or "rlogin" or "rsh" or "rexec" or "dropbear" or "cockpit" or "xrdp-sesman" or "telnet" or "telnetd"
            or "ftp" or "ftpd" or "vsftpd" or "proftpd" or "pure-ftpd"
            or "gdm" or "gdm-password" or "gdm-autologin" or "gdm-fingerprint" or "gdm-smartcard" or "lightdm" or "lightdm-autologin"
            or "sddm" or "sddm-autologin" or "kdm" or "kde" or "xdm" or "lxdm" or "greetd" => PamUse.Login,
        "sudo" or "sudo-i" or "polkit-1" or "pkexec" or "doas" => PamUse.Rights,
        "su" or "su-l" => PamUse.RightsOfUser,
        "passwd" or "chsh" or "chfn" or "chage" => PamUse.Account,
        _ => PamUse.Other,
    };
}
