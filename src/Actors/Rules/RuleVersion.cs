namespace MailCluster.Actors.Rules;

/// <summary>Which of two words about the same thing is the later one.</summary>
/// <param name="Counter">Milliseconds of the wall clock where a rule was made, but above every counter that node knew (a hybrid logical clock): whoever has seen a rule can overrule it, whatever
/// the clocks say; of two who have not seen each other's, the later counts.</param>
/// <param name="Node">The node where it was made, to break ties.</param>
public readonly record struct RuleVersion(long Counter, string Node) : IComparable<RuleVersion>
{
    /// <inheritdoc/>
    public int CompareTo(RuleVersion other) => Counter != other.Counter ? Counter.CompareTo(other.Counter) : string.CompareOrdinal(Node, other.Node);

    /// <summary>Earlier.</summary>
    public static bool operator <(RuleVersion left, RuleVersion right) => left.CompareTo(right) < 0;

    /// <summary>Later.</summary>
    public static bool operator >(RuleVersion left, RuleVersion right) => left.CompareTo(right) > 0;

    /// <summary>Earlier or the same.</summary>
    public static bool operator <=(RuleVersion left, RuleVersion right) => left.CompareTo(right) <= 0;

    /// <summary>Later or the same.</summary>
    public static bool operator >=(RuleVersion left, RuleVersion right) => left.CompareTo(right) >= 0;
}
