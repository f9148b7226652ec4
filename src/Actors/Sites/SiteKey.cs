namespace MailCluster.Actors.Sites;

/// <summary>A site and the source that mail leaves from: what limits are counted for.</summary>
/// <param name="Site">The set of mail exchangers, sorted and joined; for a static route <c>route:host:port</c>.</param>
/// <param name="Source">The named way out; <c>default</c> where none is configured.</param>
public readonly record struct SiteKey(string Site, string Source)
{
    /// <summary>The only source while none is configured.</summary>
    public const string DefaultSource = "default";

    /// <inheritdoc/>
    public override string ToString() => $"{Source}>{Site}";
}
