namespace MailCluster.Actors.Facts;

/// <summary>Whom a fact is about.</summary>
/// <param name="Kind">What it says: <see cref="DomainDown"/>, <see cref="SiteBroken"/>.</param>
/// <param name="Name">The entity.</param>
public readonly record struct FactKey(string Kind, string Name)
{
    /// <summary>How often in a row a domain's mail exchangers could not be reached.</summary>
    public const string DomainDown = "domain-down";

    /// <summary>How often in a row a site's circuit has opened.</summary>
    public const string SiteBroken = "site-broken";

    /// <inheritdoc/>
    public override string ToString() => $"{Kind}/{Name}";
}
