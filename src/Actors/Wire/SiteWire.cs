using Google.Protobuf;
using MailCluster.Actors.Sites;

namespace MailCluster.Actors.Wire;

/// <summary><see cref="SiteProtocol"/> in protobuf.</summary>
internal static class SiteWire
{
    public static IMessage Write(SiteProtocol.ISiteMessage message)
    {
        var site = CommonWire.Write(message.Site);
        switch (message)
        {
            case SiteProtocol.Request request:
                return new Proto.SiteRequest
                {
                    Site = site,
                    Node = CommonWire.Write(request.Node),
                    Number = request.Number,
                    Epoch = CommonWire.Write(request.Epoch),
                    Held = request.Held,
                    Demand = request.Demand,
                    Limit = request.Limit,
                    Failures = request.Failures,
                    Succeeded = request.Succeeded,
                    Heard = request.Heard,
                    Fact = FactsWire.Write(request.Fact),
                };
            case SiteProtocol.Granted granted:
                return new Proto.SiteGranted
                {
                    Site = site,
                    Number = granted.Number,
                    Epoch = CommonWire.Write(granted.Epoch),
                    Connections = granted.Connections,
                    TimeToLiveUs = CommonWire.Write(granted.TimeToLive),
                    Fact = FactsWire.Write(granted.Fact),
                };
            case SiteProtocol.Held held:
                return new Proto.SiteHeld
                {
                    Site = site,
                    Number = held.Number,
                    Epoch = CommonWire.Write(held.Epoch),
                    RetryAfterUs = CommonWire.Write(held.RetryAfter),
                    Reason = (int)held.Reason,
                    Fact = FactsWire.Write(held.Fact),
                };
            case SiteProtocol.Offered offered:
                return new Proto.SiteOffered { Site = site, Epoch = CommonWire.Write(offered.Epoch) };
            case SiteProtocol.WhatIsHeld asked:
                return new Proto.SiteWhatIsHeld { Site = site, Epoch = CommonWire.Write(asked.Epoch) };
            case SiteProtocol.Holding holding:
                var written = new Proto.SiteHolding
                {
                    Site = site,
                    Node = CommonWire.Write(holding.Node),
                    Epoch = CommonWire.Write(holding.Epoch),
                    Connections = holding.Lease.Connections,
                    RemainingUs = CommonWire.Write(holding.Lease.Remaining),
                    Granter = holding.Lease.Granter,
                    Fact = FactsWire.Write(holding.Fact),
                };
                written.Gone.Add(holding.Gone.Select(gone => new Proto.GoneMember { Node = CommonWire.Write(gone.Node), AgoUs = CommonWire.Write(gone.Ago), UnheardUs = CommonWire.Write(gone.Unheard) }));
                return written;
            default:
                throw new ArgumentException($"Not a wire message: {message.GetType()}", nameof(message));
        }
    }

    public static SiteProtocol.Request Read(Proto.SiteRequest request) => new(
        CommonWire.Read(request.Site), CommonWire.Read(request.Node), request.Number, CommonWire.Read(request.Epoch), request.Held, request.Demand, request.Limit, request.Failures,
        request.Succeeded, request.Heard, FactsWire.Read(request.Fact));

    public static SiteProtocol.Granted Read(Proto.SiteGranted granted) => new(
        CommonWire.Read(granted.Site), granted.Number, CommonWire.Read(granted.Epoch), granted.Connections, CommonWire.ReadSpan(granted.TimeToLiveUs), FactsWire.Read(granted.Fact));

    public static SiteProtocol.Held Read(Proto.SiteHeld held) => new(
        CommonWire.Read(held.Site), held.Number, CommonWire.Read(held.Epoch), CommonWire.ReadSpan(held.RetryAfterUs), ReadReason(held.Reason), FactsWire.Read(held.Fact));

    /// <summary>A reason of a newer release is one to wait for, and takes away what is leased: the careful way to be wrong.</summary>
    private static SiteProtocol.HeldReason ReadReason(int reason) => reason is >= 0 and <= (int)SiteProtocol.HeldReason.Unready ? (SiteProtocol.HeldReason)reason : SiteProtocol.HeldReason.Taken;

    public static SiteProtocol.Offered Read(Proto.SiteOffered offered) => new(CommonWire.Read(offered.Site), CommonWire.Read(offered.Epoch));

    public static SiteProtocol.WhatIsHeld Read(Proto.SiteWhatIsHeld asked) => new(CommonWire.Read(asked.Site), CommonWire.Read(asked.Epoch));

    public static SiteProtocol.Holding Read(Proto.SiteHolding holding) => new(
        CommonWire.Read(holding.Site), CommonWire.Read(holding.Node), CommonWire.Read(holding.Epoch), new(holding.Connections, CommonWire.ReadSpan(holding.RemainingUs), holding.Granter),
        [.. holding.Gone.Select(gone => new GoneMember(CommonWire.Read(gone.Node), CommonWire.ReadSpan(gone.AgoUs), CommonWire.ReadSpan(gone.UnheardUs)))], FactsWire.Read(holding.Fact));
}
