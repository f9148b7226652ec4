using System.Collections.Immutable;
using System.Net;
using MailCluster.Actors.Delivery;
using MailCluster.Actors.Queue;
using MailCluster.Actors.Sites;
using MailCluster.Protocol.Addressing;
using MailCluster.Protocol.Commands;
using MailCluster.Protocol.Failures;
using MailCluster.Protocol.Replies;
using MailCluster.Spool;

namespace MailCluster.Actors.Tests.Queue;

/// <summary>Mail, peers and replies for tests.</summary>
internal static class MailForTests
{
    public static readonly DateTimeOffset Start = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);
    public static readonly OutboundPeer Peer = new("mx.example.net", new(IPAddress.Loopback, 25), null, OffersDsn: false, "out-1");
    public static readonly OutboundPeer PeerWithDsn = Peer with { OffersDsn = true };
    public static readonly Reply Ok = new(250, new(2, 0, 0), "queued");
    public static readonly DeliveryFailure Busy = new(FailureScope.Recipient, new(450, new(4, 2, 1), "busy"), "mx.example.net");
    public static readonly DeliveryFailure Unknown = new(FailureScope.Recipient, new(550, new(5, 1, 1), "no such user"), "mx.example.net");
    public static readonly DeliveryFailure Down = new(FailureScope.Destination, new(451, new(4, 4, 1), "cannot connect"), null, IsLocal: true);
    public static readonly DeliveryFailure NoDomain = new(FailureScope.Destination, new(550, new(5, 1, 2), "no such domain"), null, IsLocal: true);
    public static readonly DeliveryFailure DnsFails = new(FailureScope.Destination, new(451, new(4, 4, 3), "name servers fail"), null, IsLocal: true);

    public static SiteKey Site(string name = "mx.example.net") => new(name, SiteKey.DefaultSource);

    public static Route.To To(SiteKey site) => new(site, [new(site.Site, 10, [IPAddress.Loopback], 25)]);

    public static SpooledDelivery Opened(int recipients, Notify notify = Notify.Unspecified, string reversePath = "sender@example.org", DomainName? domain = null, params RecipientOutcome[] states)
    {
        var of = domain ?? new DomainName("example.net");
        var destination = new EnvelopeDestination(of, [.. Enumerable.Range(0, recipients).Select(i => new Recipient(new($"user{i}@{of}", of), new(notify)))]);
        var envelope = new Envelope(new(reversePath), MailParameters.None, Start, new("in-1", "192.0.2.1:5", "client", "ESMTP"), [destination]);
        var open = states.Length > 0 ? [.. states] : Enumerable.Range(0, recipients).Select(i => new RecipientOutcome(i, RecipientStatus.Open, null)).ToImmutableArray();
        return new(new(1), new(1, 1), envelope, 0, open, 0, null!);       // nothing that is decided looks at content
    }

    public static AttemptOutcome Accepted(int recipient, OutboundPeer? peer = null) => new(recipient, Ok, null, peer ?? Peer);

    public static AttemptOutcome Refused(int recipient, DeliveryFailure failure) => new(recipient, null, failure, Peer);
}
