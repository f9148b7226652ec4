namespace MailCluster.Actors.Rules;

/// <summary>One administrative rule, or the word that there is none any more (a tombstone). Its fields are fixed: a node of an older release passes on what it knows of them alone, so what a kind
/// wants to say later goes into <paramref name="Value"/>.</summary>
/// <param name="Key">What it is about.</param>
/// <param name="Version">When it was made, in the order of rules.</param>
/// <param name="IsRemoved">True for a tombstone.</param>
/// <param name="Value">What the kind makes of it; may be empty.</param>
/// <param name="Until">From then on it rules nothing; null for no end.</param>
/// <param name="Author">Who made or removed it.</param>
/// <param name="Reason">Why.</param>
/// <param name="At">When, by the wall clock of the node where it was made.</param>
public sealed record Rule(RuleKey Key, RuleVersion Version, bool IsRemoved, string Value, DateTimeOffset? Until, string Author, string Reason, DateTimeOffset At)
{
    /// <summary>True while it rules.</summary>
    public bool IsInForce(DateTimeOffset now) => !IsRemoved && !(Until <= now);

    /// <summary>When it came to its end, so that it is only kept to overrule older words; null while that is not known.</summary>
    public DateTimeOffset? Ended => IsRemoved ? At : Until;

    /// <summary>True where this is the one that counts of the two, which are about the same. By version; where a version was given twice, which a lost disk and a clock set back can bring about,
    /// by content: any order will do that is the same on all nodes.</summary>
    public bool Overrules(Rule other)
    {
        var order = Version.CompareTo(other.Version);
        order = order != 0 ? order : IsRemoved.CompareTo(other.IsRemoved);
        order = order != 0 ? order : At.CompareTo(other.At);
        order = order != 0 ? order : Nullable.Compare(Until, other.Until);
        order = order != 0 ? order : string.CompareOrdinal(Value, other.Value);
        order = order != 0 ? order : string.CompareOrdinal(Author, other.Author);
        return (order != 0 ? order : string.CompareOrdinal(Reason, other.Reason)) > 0;
    }
}
