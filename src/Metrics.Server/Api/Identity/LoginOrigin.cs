namespace Metrics.Api.Identity;

/// <summary>From where somebody logs in.</summary>
/// <param name="Address">The address; that of the proxy where nobody says who came to it.</param>
/// <param name="IsProxy">Whether it is a proxy's: then it is the origin of nothing, and stands for all who came by it.</param>
internal readonly record struct LoginOrigin(string Address, bool IsProxy);
