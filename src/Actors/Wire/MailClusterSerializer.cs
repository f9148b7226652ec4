using System.Collections.Concurrent;
using System.Runtime.Serialization;
using Akka.Actor;
using Akka.Event;
using Akka.Serialization;
using Google.Protobuf;
using MailCluster.Actors.Delivery;
using MailCluster.Actors.Handover;
using MailCluster.Actors.Rules;
using MailCluster.Actors.Sites;

namespace MailCluster.Actors.Wire;

/// <summary>
/// Writes what crosses between nodes: protobuf, with a manifest per message. A manifest never changes its meaning. Fields that this release does not know are skipped, and what it lacks has
/// its zero, so nodes of neighbouring releases understand each other.
/// </summary>
/// <param name="system">The actor system.</param>
public sealed class MailClusterSerializer(ExtendedActorSystem system) : SerializerWithStringManifest(system)
{
    /// <summary>Under this number the serializer is known on every node of every release.</summary>
    public const int Id = 25_321;

    private WireTraffic? _traffic;

    /// <summary>Manifests seen that this release does not know: bounded, for they come from outside.</summary>
    private readonly ConcurrentDictionary<string, byte> _unknown = new();

    /// <inheritdoc/>
    public override int Identifier => Id;

    /// <inheritdoc/>
    public override string Manifest(object o) => o switch
    {
        SiteProtocol.Request => "s1",
        SiteProtocol.Granted => "s2",
        SiteProtocol.Held => "s3",
        SiteProtocol.Offered => "s4",
        SiteProtocol.WhatIsHeld => "s5",
        SiteProtocol.Holding => "s6",
        FenceProtocol.Ping => "f1",
        FenceProtocol.Pong => "f2",
        DeliveryProtocol.Report => "d1",
        DeliveryProtocol.Decision => "d2",
        DeliveryProtocol.Closing => "d3",
        HandoverProtocol.Ask => "h1",
        HandoverProtocol.Answer => "h2",
        RulesProtocol.Digest => "r1",
        RulesProtocol.Told => "r2",
        _ => throw new ArgumentException($"No manifest for {o.GetType()}", nameof(o)),
    };

    /// <inheritdoc/>
    public override byte[] ToBinary(object obj)
    {
        var octets = Write(obj).ToByteArray();
        (_traffic ??= WireTraffic.Of(system)).Add(octets.Length);
        return octets;
    }

    private static IMessage Write(object obj) => obj switch
    {
        SiteProtocol.ISiteMessage site => SiteWire.Write(site),
        DeliveryProtocol.IDeliveryMessage delivery => DeliveryWire.Write(delivery),
        DeliveryProtocol.Closing closing => DeliveryWire.Write(closing),
        HandoverProtocol.Ask ask => HandoverWire.Write(ask),
        HandoverProtocol.Answer answer => HandoverWire.Write(answer),
        RulesProtocol.IRulesMessage rules => RulesWire.Write(rules),
        FenceProtocol.Ping ping => new Proto.FencePing { Node = CommonWire.Write(ping.Node), Number = ping.Number },
        FenceProtocol.Pong pong => (IMessage)new Proto.FencePong { Node = CommonWire.Write(pong.Node), Number = pong.Number },
        _ => throw new ArgumentException($"Not a wire message: {obj.GetType()}", nameof(obj)),
    };

    /// <inheritdoc/>
    public override object FromBinary(byte[] bytes, string manifest)
    {
        try
        {
            return manifest switch
            {
                "s1" => SiteWire.Read(Proto.SiteRequest.Parser.ParseFrom(bytes)),
                "s2" => SiteWire.Read(Proto.SiteGranted.Parser.ParseFrom(bytes)),
                "s3" => SiteWire.Read(Proto.SiteHeld.Parser.ParseFrom(bytes)),
                "s4" => SiteWire.Read(Proto.SiteOffered.Parser.ParseFrom(bytes)),
                "s5" => SiteWire.Read(Proto.SiteWhatIsHeld.Parser.ParseFrom(bytes)),
                "s6" => SiteWire.Read(Proto.SiteHolding.Parser.ParseFrom(bytes)),
                "f1" => Proto.FencePing.Parser.ParseFrom(bytes) is var ping ? new FenceProtocol.Ping(CommonWire.Read(ping.Node), ping.Number) : null!,
                "f2" => Proto.FencePong.Parser.ParseFrom(bytes) is var pong ? new FenceProtocol.Pong(CommonWire.Read(pong.Node), pong.Number) : null!,
                "d1" => DeliveryWire.Read(Proto.DeliveryReport.Parser.ParseFrom(bytes)),
                "d2" => DeliveryWire.Read(Proto.DeliveryDecision.Parser.ParseFrom(bytes)),
                "d3" => DeliveryWire.Read(Proto.DeliveryClosing.Parser.ParseFrom(bytes)),
                "h1" => HandoverWire.Read(Proto.HandoverAsk.Parser.ParseFrom(bytes)),
                "h2" => HandoverWire.Read(Proto.HandoverAnswer.Parser.ParseFrom(bytes)),
                "r1" => RulesWire.Read(Proto.RulesDigest.Parser.ParseFrom(bytes)),
                "r2" => RulesWire.Read(Proto.RulesTold.Parser.ParseFrom(bytes)),
                _ => NotUnderstood(manifest),
            };
        }
        catch (InvalidProtocolBufferException broken)
        {
            throw new SerializationException($"A message {manifest} cannot be read: {broken.Message}", broken);
        }
    }

    /// <summary>Said once for each kind, since a node of a newer release may say it every second.</summary>
    private NotUnderstood NotUnderstood(string manifest)
    {
        if (_unknown.Count < 100 && _unknown.TryAdd(manifest, 0))
        {
            system.Log.Warning("a message {0} of a newer release is dropped, and those that follow", manifest);
        }

        return new(manifest);
    }
}
