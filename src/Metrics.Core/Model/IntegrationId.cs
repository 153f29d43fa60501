using System.Globalization;

namespace Metrics.Model;

/// <summary>
/// One way of a receiver to be reached: the nth entry of a kind. Stored and shown as <c>ops/email/0</c>; the receiver's name may hold
/// slashes, the kind's does not.
/// </summary>
/// <param name="Receiver">Name of the receiver.</param>
/// <param name="Kind">Name of the kind, such as <c>email</c>.</param>
/// <param name="Index">Which of the receiver's entries of this kind, from 0.</param>
public readonly record struct IntegrationId(string Receiver, string Kind, int Index)
{
    /// <summary>Kind and number, as own metrics name an integration beside its receiver: <c>email/0</c>.</summary>
    public string Way => string.Create(CultureInfo.InvariantCulture, $"{Kind}/{Index}");

    /// <summary>Reads the stored form.</summary>
    /// <exception cref="FormatException">It is not of this form.</exception>
    public static IntegrationId Parse(string text) =>
        TryParse(text, out IntegrationId id) ? id : throw new FormatException($"'{text}' is no integration such as ops/email/0");

    /// <summary>Reads the stored form.</summary>
    public static bool TryParse(string text, out IntegrationId id)
    {
        id = default;
        int last = text.LastIndexOf('/');
        int before = last > 0 ? text.LastIndexOf('/', last - 1) : -1;
        if (before < 0 || !int.TryParse(text.AsSpan(last + 1), NumberStyles.None, CultureInfo.InvariantCulture, out int index))
            return false;
        id = new IntegrationId(text[..before], text[(before + 1)..last], index);
        return true;
    }

    /// <summary>The stored form.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Receiver}/{Kind}/{Index}");
}
