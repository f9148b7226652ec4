using System.Net;
using System.Runtime.Serialization;
using Google.Protobuf;
using MailCluster.Actors.Delivery;
using MailCluster.Protocol.Addressing;

namespace MailCluster.Actors.Wire;

/// <summary><see cref="DeliveryProtocol"/> in protobuf.</summary>
internal static class DeliveryWire
{
    private static readonly TimeSpan LongestUnknown = TimeSpan.FromMinutes(1);

    public static IMessage Write(DeliveryProtocol.IDeliveryMessage message) => message switch
    {
        DeliveryProtocol.Report report => new Proto.DeliveryReport
        {
            Domain = report.Domain.Value,
            Node = CommonWire.Write(report.Node),
            Number = report.Number,
            Waiting = report.Waiting,
            OldestUs = CommonWire.Write(report.Oldest),
            Outcome = (int)report.Outcome,
            Refresh = report.Refresh,
            Closed = report.Closed,
            Fact = FactsWire.Write(report.Fact),
        },
        DeliveryProtocol.Decision decision => Write(decision),
        _ => throw new ArgumentException($"Not a wire message: {message.GetType()}", nameof(message)),
    };

    public static DeliveryProtocol.Report Read(Proto.DeliveryReport report) => new(
        new DomainName(report.Domain), CommonWire.Read(report.Node), report.Number, report.Waiting, CommonWire.ReadSpan(report.OldestUs),
        report.Outcome is >= 0 and <= (int)DeliveryProtocol.AttemptsOutcome.Unreachable ? (DeliveryProtocol.AttemptsOutcome)report.Outcome : DeliveryProtocol.AttemptsOutcome.None, report.Refresh, report.Closed, FactsWire.Read(report.Fact));

    public static Proto.DeliveryClosing Write(DeliveryProtocol.Closing closing) =>
        new() { Domain = closing.Domain.Value, IsClosed = closing.IsClosed, TimeToLiveUs = CommonWire.Write(closing.TimeToLive) };

    public static DeliveryProtocol.Closing Read(Proto.DeliveryClosing closing) => new(new DomainName(closing.Domain), closing.IsClosed, CommonWire.ReadSpan(closing.TimeToLiveUs));

    public static DeliveryProtocol.Decision Read(Proto.DeliveryDecision decision) => new(
        new DomainName(decision.Domain), decision.Number, ReadRoute(decision), Read(decision.Schedule), decision.Closed, CommonWire.ReadSpan(decision.TimeToLiveUs), FactsWire.Read(decision.Fact));

    private static Proto.DeliveryDecision Write(DeliveryProtocol.Decision decision)
    {
        var written = new Proto.DeliveryDecision
        {
            Domain = decision.Domain.Value,
            Number = decision.Number,
            Schedule = Write(decision.Schedule),
            Closed = decision.Closed,
            TimeToLiveUs = CommonWire.Write(decision.TimeToLive),
            Fact = FactsWire.Write(decision.Fact),
        };
        switch (decision.Route)
        {
            case Route.To to:
                written.To = new Proto.RouteTo { Site = CommonWire.Write(to.Site) };
                foreach (var host in to.Hosts)
                {
                    var writtenHost = new Proto.RouteHost { Name = host.Name, Preference = host.Preference, Port = host.Port };
                    writtenHost.Addresses.Add(host.Addresses.Select(address => ByteString.CopyFrom(address.GetAddressBytes())));
                    written.To.Hosts.Add(writtenHost);
                }

                break;
            case Route.Nowhere nowhere:
                written.Nowhere = CommonWire.Write(nowhere.Failure);
                break;
        }

        return written;
    }

    private static Route ReadRoute(Proto.DeliveryDecision decision) => decision.RouteCase switch
    {
        Proto.DeliveryDecision.RouteOneofCase.To => new Route.To(
            CommonWire.Read(decision.To.Site),
            [.. decision.To.Hosts.Select(host => new RouteHost(host.Name, host.Preference, [.. host.Addresses.Select(ReadAddress)], host.Port))]),
        Proto.DeliveryDecision.RouteOneofCase.Nowhere => new Route.Nowhere(CommonWire.Read(decision.Nowhere)),
        _ => throw CommonWire.Missing("route"),
    };

    private static IPAddress ReadAddress(ByteString address) =>
        address.Length is 4 or 16 ? new IPAddress(address.Span) : throw new SerializationException($"An address of {address.Length} octets");

    private static Proto.Schedule Write(DomainSchedule schedule) => schedule switch
    {
        DomainSchedule.Down down => new() { Kind = Proto.Schedule.Types.Kind.Down, RetryAfterUs = CommonWire.Write(down.RetryAfter) },
        DomainSchedule.Probe => new() { Kind = Proto.Schedule.Types.Kind.Probe },
        DomainSchedule.Suspended suspended => new() { Kind = Proto.Schedule.Types.Kind.Suspended, RetryAfterUs = CommonWire.Write(suspended.RetryAfter), Reason = suspended.Reason },
        _ => new(),
    };

    /// <summary>A kind of a newer release keeps mail back in some way that this one does not know: it is kept back, for a minute at most until we ask again.</summary>
    private static DomainSchedule Read(Proto.Schedule? schedule) => schedule?.Kind switch
    {
        null or Proto.Schedule.Types.Kind.Open => new DomainSchedule.Open(),
        Proto.Schedule.Types.Kind.Down => new DomainSchedule.Down(CommonWire.ReadSpan(schedule.RetryAfterUs)),
        Proto.Schedule.Types.Kind.Probe => new DomainSchedule.Probe(),
        Proto.Schedule.Types.Kind.Suspended => new DomainSchedule.Suspended(CommonWire.ReadSpan(schedule.RetryAfterUs), schedule.Reason),
        _ => new DomainSchedule.Suspended(LongestUnknown, "by a schedule of a newer release"),
    };
}
