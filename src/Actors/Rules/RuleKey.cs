namespace MailCluster.Actors.Rules;

/// <summary>What a rule is about.</summary>
/// <param name="Kind">What it rules: <see cref="Suspension.Kind"/>. Kinds of newer releases are kept and passed on.</param>
/// <param name="Name">Whom: a domain.</param>
public readonly record struct RuleKey(string Kind, string Name) : IComparable<RuleKey>
{
    /// <inheritdoc/>
    public int CompareTo(RuleKey other) => string.CompareOrdinal(Kind, other.Kind) is not 0 and var byKind ? byKind : string.CompareOrdinal(Name, other.Name);

    /// <summary>Ordinal order.</summary>
    public static bool operator <(RuleKey left, RuleKey right) => left.CompareTo(right) < 0;

    /// <summary>Ordinal order.</summary>
    public static bool operator >(RuleKey left, RuleKey right) => left.CompareTo(right) > 0;

    /// <summary>Ordinal order.</summary>
    public static bool operator <=(RuleKey left, RuleKey right) => left.CompareTo(right) <= 0;

    /// <summary>Ordinal order.</summary>
    public static bool operator >=(RuleKey left, RuleKey right) => left.CompareTo(right) >= 0;

    /// <inheritdoc/>
    public override string ToString() => $"{Kind}/{Name}";
}
