namespace MailCluster.Node.Configuration;

/// <summary>A piece of the configuration as it was written, with its place.</summary>
internal abstract record ConfigurationNode(Origin Origin)
{
    /// <summary>A word, number or string. <paramref name="Substitution"/>: it holds <c>${…}</c> outside quotes.</summary>
    public sealed record Scalar(string Text, bool Substitution, Origin Origin) : ConfigurationNode(Origin);

    /// <summary>A list in brackets.</summary>
    public sealed record Items(List<ConfigurationNode> Elements, Origin Origin) : ConfigurationNode(Origin);

    /// <summary>A block in braces. <paramref name="Closed"/>: it was written with braces, so that a second one of the same name is a duplicate; false where a dotted key implies it.</summary>
    public sealed record Block(Dictionary<string, ConfigurationNode> Members, bool Closed, Origin Origin) : ConfigurationNode(Origin)
    {
        /// <summary>An implied block without members.</summary>
        public static Block Empty(Origin origin) => new(new(StringComparer.Ordinal), false, origin);
    }
}
