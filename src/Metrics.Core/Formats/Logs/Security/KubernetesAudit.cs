using Metrics.Formats.Syslog;
using Metrics.Model;

namespace Metrics.Formats.Logs.Security;

/// <summary>The audit log of Kubernetes: one JSON object a line. No kind of ours fits a request to its API: lines with fields.</summary>
/// <remarks>
/// <code>
/// {"kind":"Event","apiVersion":"audit.k8s.io/v1","auditID":"57a794de-…","requestURI":"/api/v1/namespaces/a/pods/b/exec",
///  "verb":"create","user":{"username":"ann"},"sourceIPs":["192.0.2.7"],"responseStatus":{"code":101}, …}
/// </code>
/// https://kubernetes.io/docs/reference/config-api/apiserver-audit.v1/
/// </remarks>
public static class KubernetesAudit
{
    private const string Received = "requestReceivedTimestamp", Sources = "sourceIPs";

    private static readonly JsonTable s_fields = new(
        ("requestReceivedTimestamp", Received),
        ("auditID", EventFields.EventId),
        ("verb", EventFields.Action),
        ("requestURI", EventFields.Url),
        ("user/username", EventFields.UserName),
        ("user/uid", EventFields.UserId),
        ("impersonatedUser/username", EventFields.EffectiveUserName),
        ("sourceIPs", Sources),
        ("userAgent", EventFields.UserAgent),
        ("responseStatus/code", EventFields.HttpStatus),
        ("responseStatus/reason", EventFields.Reason));

    /// <summary>The format <c>kubernetes-audit</c>.</summary>
    public static LogFormat Format { get; } = new("kubernetes-audit", TryRead);

    private static bool TryRead(ReadOnlySpan<byte> text, LogContext context, LogRecord record)
    {
        if (!JsonTable.MayHave(text, "\"auditID\""u8) || !JsonTable.MayHave(text, "\"verb\""u8) || !s_fields.TryRead(text, record)
            || !record.Has(EventFields.EventId) || !record.Has(EventFields.Action))
        {
            return false;
        }
        if (SyslogTime.ReadInternet(record.Bytes(Received), context.Zone, out long time, out _) == SyslogTimeState.Given)
            record.Time = time;
        record.Remove(Received);
        // The client first, then the proxies between.
        ReadOnlySpan<byte> source = record.Bytes(Sources);
        int comma = source.IndexOf((byte)',');
        record.Set(EventFields.SourceIp, comma < 0 ? source : source[..comma]);
        record.Remove(Sources);
        return true;
    }
}
