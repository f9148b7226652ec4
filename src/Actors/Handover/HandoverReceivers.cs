using System.Globalization;

namespace MailCluster.Actors.Handover;

/// <summary>Which peers may be given a leaving node's mail.</summary>
public abstract record HandoverReceivers
{
    private HandoverReceivers()
    {
    }

    /// <summary>Whether a peer is one of them.</summary>
    /// <param name="host">The host of its cluster address: in a StatefulSet <c>POD.SERVICE…</c>.</param>
    public abstract bool Admit(string host);

    /// <summary>Every peer that is up and not leaving itself.</summary>
    public sealed record All : HandoverReceivers
    {
        /// <inheritdoc/>
        public override bool Admit(string host) => true;
    }

    /// <summary>The pods <c>NAME-0</c> to <c>NAME-(replicas-1)</c> of a StatefulSet: the others leave as well, and mail given to them would move twice or strand.</summary>
    /// <param name="StatefulSet">Its name.</param>
    /// <param name="Replicas">The number that it wants, <c>spec.replicas</c>.</param>
    /// <param name="First">Where it begins to count, <c>spec.ordinals.start</c>.</param>
    public sealed record OrdinalsBelow(string StatefulSet, int Replicas, int First = 0) : HandoverReceivers
    {
        /// <inheritdoc/>
        public override bool Admit(string host)
        {
            ArgumentNullException.ThrowIfNull(host);
            var pod = host.AsSpan(0, host.IndexOf('.', StringComparison.Ordinal) is var dot and >= 0 ? dot : host.Length);
            return pod.StartsWith(StatefulSet, StringComparison.OrdinalIgnoreCase) && pod.Length > StatefulSet.Length + 1 && pod[StatefulSet.Length] == '-'
                && int.TryParse(pod[(StatefulSet.Length + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out var ordinal)
                && ordinal >= First && ordinal - First < Replicas;
        }
    }
}
