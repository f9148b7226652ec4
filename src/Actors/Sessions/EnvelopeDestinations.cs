using System.Collections.Immutable;
using MailCluster.Protocol.Addressing;
using MailCluster.Protocol.Commands;
using MailCluster.Spool;

namespace MailCluster.Actors.Sessions;

/// <summary>Sorts a transaction's recipients by destination, in one pass. A forward-path given twice is delivered once, with the parameters it had first.</summary>
public static class EnvelopeDestinations
{
    /// <summary>Sorts them; the order of destinations, and of the recipients of each, is that of first mention.</summary>
    /// <param name="recipients">At least one.</param>
    public static ImmutableArray<EnvelopeDestination> Of(IReadOnlyList<Command.Rcpt> recipients)
    {
        if (recipients.Count == 1)
        {
            var only = recipients[0];
            return [new(only.ForwardPath.Domain, [new(only.ForwardPath, only.Parameters)])];
        }

        var byDomain = new Dictionary<DomainName, Gathered>();
        var order = new List<Gathered>();
        foreach (var recipient in recipients)
        {
            var path = recipient.ForwardPath;
            if (!byDomain.TryGetValue(path.Domain, out var gathered))
            {
                gathered = new(path.Domain);
                byDomain.Add(path.Domain, gathered);
                order.Add(gathered);
            }
            if (gathered.Seen.Add(path.Address))
            {
                gathered.Recipients.Add(new(path, recipient.Parameters));
            }
        }

        var destinations = ImmutableArray.CreateBuilder<EnvelopeDestination>(order.Count);
        foreach (var gathered in order)
        {
            destinations.Add(new(gathered.Domain, gathered.Recipients.DrainToImmutable()));
        }
        return destinations.MoveToImmutable();
    }

    private sealed record Gathered(DomainName Domain)
    {
        public ImmutableArray<Recipient>.Builder Recipients { get; } = ImmutableArray.CreateBuilder<Recipient>();

        public HashSet<string> Seen { get; } = new(LocalPart.Instance);
    }

    /// <summary>Compares what stands before the last at sign, octet by octet: only the host that has a mailbox knows whether case matters (RFC 5321 section 2.4). The domain is equal already.</summary>
    private sealed class LocalPart : IEqualityComparer<string>
    {
        public static LocalPart Instance { get; } = new();

        public bool Equals(string? x, string? y) => Of(x).SequenceEqual(Of(y));

        public int GetHashCode(string address) => string.GetHashCode(Of(address));

        private static ReadOnlySpan<char> Of(string? address) => address.AsSpan(0, address!.LastIndexOf('@') is var at and >= 0 ? at : address.Length);
    }
}
