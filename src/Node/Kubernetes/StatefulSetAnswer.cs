namespace MailCluster.Node.Kubernetes;

/// <summary>What the Kubernetes API said about our StatefulSet.</summary>
internal abstract record StatefulSetAnswer
{
    private StatefulSetAnswer()
    {
    }

    /// <summary>It is there and stays.</summary>
    /// <param name="First">The first ordinal, <c>spec.ordinals.start</c>; 0 unless somebody has set it.</param>
    /// <param name="Replicas">How many pods it wants, <c>spec.replicas</c>; 1 where nothing is said.</param>
    public sealed record Stays(int First, int Replicas) : StatefulSetAnswer;

    /// <summary>It is not there any more (404), or is being deleted.</summary>
    /// <param name="How">Which of the two.</param>
    public sealed record Deleted(string How) : StatefulSetAnswer;

    /// <summary>Nobody could say.</summary>
    /// <param name="Reason">Why, for an operator.</param>
    public sealed record Unknown(string Reason) : StatefulSetAnswer;
}
