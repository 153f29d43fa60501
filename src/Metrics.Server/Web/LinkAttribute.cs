using System.Reflection;
using Microsoft.AspNetCore.Components;

namespace Metrics.Web;

/// <summary>Has the status page link to a page.</summary>
/// <param name="title">What the link is called.</param>
/// <param name="about">What is to be seen there, in a few words.</param>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class LinkAttribute(string title, string about) : Attribute
{
    /// <summary>All of them, by title.</summary>
    public static readonly IReadOnlyList<(string Path, string Title, string About)> All =
    [
        .. from page in typeof(LinkAttribute).Assembly.GetTypes()
            let link = page.GetCustomAttribute<LinkAttribute>()
            where link is not null
            orderby link.Title
            select (page.GetCustomAttribute<RouteAttribute>()!.Template, link.Title, link.About),
    ];

    /// <summary>What the link is called.</summary>
    public string Title { get; } = title;

    /// <summary>What is to be seen there.</summary>
    public string About { get; } = about;
}
