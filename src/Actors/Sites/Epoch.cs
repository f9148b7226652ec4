namespace MailCluster.Actors.Sites;

/// <summary>One incarnation of a site actor. Answers of an older one than the newest seen are ignored.</summary>
/// <param name="Number">Rises with the wall clock of the node that started it, ticks; ties are broken by <paramref name="Node"/>.</param>
/// <param name="Node">The node's incarnation.</param>
public readonly record struct Epoch(long Number, int Node) : IComparable<Epoch>
{
    /// <inheritdoc/>
    public int CompareTo(Epoch other) => Number != other.Number ? Number.CompareTo(other.Number) : Node.CompareTo(other.Node);

    /// <summary>Older.</summary>
    public static bool operator <(Epoch left, Epoch right) => left.CompareTo(right) < 0;

    /// <summary>Newer.</summary>
    public static bool operator >(Epoch left, Epoch right) => left.CompareTo(right) > 0;

    /// <summary>Older or the same.</summary>
    public static bool operator <=(Epoch left, Epoch right) => left.CompareTo(right) <= 0;

    /// <summary>Newer or the same.</summary>
    public static bool operator >=(Epoch left, Epoch right) => left.CompareTo(right) >= 0;
}
