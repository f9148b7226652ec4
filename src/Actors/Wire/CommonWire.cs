using System.Collections.Immutable;
using System.Runtime.Serialization;
using MailCluster.Actors.Sites;
using MailCluster.Protocol.Failures;
using MailCluster.Protocol.Replies;

namespace MailCluster.Actors.Wire;

/// <summary>Parts that several messages have.</summary>
internal static class CommonWire
{
    public static Proto.Node Write(NodeId node) => new() { Address = node.Address, Incarnation = node.Incarnation };

    public static NodeId Read(Proto.Node? node) => node is null ? throw Missing("node") : new(node.Address, node.Incarnation);

    public static Proto.Epoch? Write(Epoch epoch) => epoch == default ? null : new() { Number = epoch.Number, Node = epoch.Node };

    public static Epoch Read(Proto.Epoch? epoch) => epoch is null ? default : new(epoch.Number, epoch.Node);

    public static Proto.SiteKey Write(SiteKey site) => new() { Site = site.Site, Source = site.Source };

    public static SiteKey Read(Proto.SiteKey? site) => site is null ? throw Missing("site") : new(site.Site, site.Source);

    public static long Write(TimeSpan span) => span.Ticks / TimeSpan.TicksPerMicrosecond;

    public static TimeSpan ReadSpan(long microseconds) =>
        TimeSpan.FromTicks(Math.Clamp(microseconds, long.MinValue / TimeSpan.TicksPerMicrosecond, long.MaxValue / TimeSpan.TicksPerMicrosecond) * TimeSpan.TicksPerMicrosecond);

    public static Proto.Failure Write(DeliveryFailure failure)
    {
        var written = new Proto.Failure
        {
            Scope = (int)failure.Scope,
            IsLocal = failure.IsLocal,
            Reply = new Proto.Reply
            {
                Code = failure.Reply.Code,
                StatusClass = failure.Reply.Status.Class,
                StatusSubject = failure.Reply.Status.Subject,
                StatusDetail = failure.Reply.Status.Detail,
            },
        };
        written.Reply.Lines.Add(failure.Reply.Lines);
        if (failure.RemoteMta is { } host)
        {
            written.RemoteMta = host;
        }

        return written;
    }

    public static DeliveryFailure Read(Proto.Failure failure)
    {
        var reply = failure.Reply ?? throw Missing("reply");
        var status = new EnhancedStatusCode((byte)reply.StatusClass, (ushort)reply.StatusSubject, (ushort)reply.StatusDetail);
        ImmutableArray<string> lines = reply.Lines.Count == 0 ? [""] : [.. reply.Lines];
        return new(failure.Scope is >= 0 and <= (int)FailureScope.Destination ? (FailureScope)failure.Scope : FailureScope.Destination, new Reply(reply.Code, status, lines), failure.HasRemoteMta ? failure.RemoteMta : null, failure.IsLocal);
    }

    public static SerializationException Missing(string field) => new($"A message lacks its {field}");
}
