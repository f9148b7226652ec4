using System.Collections.Immutable;
using System.Net;
using System.Runtime.Serialization;
using Akka.Actor;
using Google.Protobuf;
using MailCluster.Actors.Delivery;
using MailCluster.Actors.Handover;
using MailCluster.Actors.Rules;
using MailCluster.Actors.Sites;
using MailCluster.Actors.Wire;
using MailCluster.Protocol.Addressing;
using MailCluster.Protocol.Failures;
using MailCluster.Protocol.Replies;
using Proto = MailCluster.Actors.Wire.Proto;

namespace MailCluster.Actors.Tests.Wire;

public sealed class MailClusterSerializerTests : IDisposable
{
    private static readonly SiteKey Site = new("mx1.example.org,mx2.example.org:2525", "default");
    private static readonly NodeId Node = new("node-1.mail:4053", -123456789);
    private static readonly Epoch Epoch = new(638_000_000_000_000_000, -5);
    private static readonly DomainName Domain = new("xn--bcher-kva.example");
    private static readonly Route To = new Route.To(
        Site, [new RouteHost("mx1.example.org", 10, [IPAddress.Parse("192.0.2.1"), IPAddress.Parse("2001:db8::1")], 25), new RouteHost("mx2.example.org", 20, [IPAddress.Parse("192.0.2.2")], 25)]);

    private static readonly Route Nowhere = new Route.Nowhere(new(FailureScope.Destination, new(556, new(5, 1, 10), ["does not accept mail", "second line"]), "mx.example.org", IsLocal: true));

    private readonly ActorSystem _system = ActorSystem.Create("wire");

    private static readonly MailCluster.Actors.Facts.Fact Learned = new(1_764_072_000_000_000, DateTimeOffset.UnixEpoch.AddSeconds(1_764_073_000), "3");

    /// <summary>First what the first release could say; its octets stand in <c>first-release.txt</c> too, in the same order. A change of any octets breaks rolling updates. At least one of each
    /// message, and each variant that is written differently.</summary>
    public static TheoryData<object, string, string> Messages => new()
    {
        { new SiteProtocol.Request(Site, Node, 7, Epoch, 3, 5, 10, 2, true, 6), "s1",
            "0A2F0A246D78312E6578616D706C652E6F72672C6D78322E6578616D706C652E6F72673A32353235120764656661756C7412170A106E6F64652D312E6D61696C3A3430353315EB32A4F81807220F088080CCB5EAB3A8ED0815FBFFFFFF28033005380A400248015006" },
        { new SiteProtocol.Request(Site, Node, 1, default, 0, 0, 0, 0, false), "s1",
            "0A2F0A246D78312E6578616D706C652E6F72672C6D78322E6578616D706C652E6F72673A32353235120764656661756C7412170A106E6F64652D312E6D61696C3A3430353315EB32A4F81801" },
        { new SiteProtocol.Granted(Site, 7, Epoch, 4, TimeSpan.FromSeconds(15)), "s2",
            "0A2F0A246D78312E6578616D706C652E6F72672C6D78322E6578616D706C652E6F72673A32353235120764656661756C7410071A0F088080CCB5EAB3A8ED0815FBFFFFFF200428C0C39307" },
        { new SiteProtocol.Held(Site, 7, Epoch, TimeSpan.FromSeconds(5), SiteProtocol.HeldReason.Broken), "s3",
            "0A2F0A246D78312E6578616D706C652E6F72672C6D78322E6578616D706C652E6F72673A32353235120764656661756C7410071A0F088080CCB5EAB3A8ED0815FBFFFFFF20C096B1022801" },
        { new SiteProtocol.Offered(Site, Epoch), "s4",
            "0A2F0A246D78312E6578616D706C652E6F72672C6D78322E6578616D706C652E6F72673A32353235120764656661756C74120F088080CCB5EAB3A8ED0815FBFFFFFF" },
        { new SiteProtocol.WhatIsHeld(Site, Epoch), "s5",
            "0A2F0A246D78312E6578616D706C652E6F72672C6D78322E6578616D706C652E6F72673A32353235120764656661756C74120F088080CCB5EAB3A8ED0815FBFFFFFF" },
        { new SiteProtocol.Holding(Site, Node, Epoch, new(4, TimeSpan.FromSeconds(9), 0), [new(new("gone:1", 1), TimeSpan.FromSeconds(3), TimeSpan.Zero)]), "s6",
            "0A2F0A246D78312E6578616D706C652E6F72672C6D78322E6578616D706C652E6F72673A32353235120764656661756C7412170A106E6F64652D312E6D61696C3A3430353315EB32A4F81A0F088080CCB5EAB3A8ED0815FBFFFFFF200428C0A8A50432140A0D0A06676F6E653A31150100000010C08DB701" },
        { new FenceProtocol.Ping(Node, 42), "f1",
            "0A170A106E6F64652D312E6D61696C3A3430353315EB32A4F8102A" },
        { new FenceProtocol.Pong(Node, 42), "f2",
            "0A170A106E6F64652D312E6D61696C3A3430353315EB32A4F8102A" },
        { new DeliveryProtocol.Report(Domain, Node, 9, 1234, TimeSpan.FromMinutes(7), DeliveryProtocol.AttemptsOutcome.Unreachable, true), "d1",
            "0A15786E2D2D62636865722D6B76612E6578616D706C6512170A106E6F64652D312E6D61696C3A3430353315EB32A4F8180920D2092880E2A2C80130023801" },
        { new DeliveryProtocol.Decision(Domain, 9, To, new DomainSchedule.Open(), false, TimeSpan.FromMinutes(5)), "d2",
            "0A15786E2D2D62636865722D6B76612E6578616D706C6510091A7D0A2F0A246D78312E6578616D706C652E6F72672C6D78322E6578616D706C652E6F72673A32353235120764656661756C74122D0A0F6D78312E6578616D706C652E6F7267100A1A04C00002011A1020010DB80000000000000000000000012019121B0A0F6D78322E6578616D706C652E6F726710141A04C000020220192A003880C6868F01" },
        { new DeliveryProtocol.Decision(Domain, 0, Nowhere, new DomainSchedule.Down(TimeSpan.FromSeconds(90)), true, TimeSpan.FromMinutes(5)), "d2",
            "0A15786E2D2D62636865722D6B76612E6578616D706C6522420803122C08AC0410051801200A2A14646F6573206E6F7420616363657074206D61696C2A0B7365636F6E64206C696E651A0E6D782E6578616D706C652E6F726720012A070801108095F52A30013880C6868F01" },
        { new DeliveryProtocol.Decision(Domain, 3, To, new DomainSchedule.Probe(), false, TimeSpan.FromMinutes(5)), "d2",
            "0A15786E2D2D62636865722D6B76612E6578616D706C6510031A7D0A2F0A246D78312E6578616D706C652E6F72672C6D78322E6578616D706C652E6F72673A32353235120764656661756C74122D0A0F6D78312E6578616D706C652E6F7267100A1A04C00002011A1020010DB80000000000000000000000012019121B0A0F6D78322E6578616D706C652E6F726710141A04C000020220192A0208023880C6868F01" },
        { new DeliveryProtocol.Decision(Domain, 3, To, new DomainSchedule.Suspended(TimeSpan.FromHours(1), "by hand"), false, TimeSpan.FromMinutes(5)), "d2",
            "0A15786E2D2D62636865722D6B76612E6578616D706C6510031A7D0A2F0A246D78312E6578616D706C652E6F72672C6D78322E6578616D706C652E6F72673A32353235120764656661756C74122D0A0F6D78312E6578616D706C652E6F7267100A1A04C00002011A1020010DB80000000000000000000000012019121B0A0F6D78322E6578616D706C652E6F726710141A04C000020220192A1108031080C8CEB40D1A0762792068616E643880C6868F01" },
        { new SiteProtocol.Request(Site, Node, 7, Epoch, 3, 5, 10, 2, true, 6, Learned), "s1",
            "0A2F0A246D78312E6578616D706C652E6F72672C6D78322E6578616D706C652E6F72673A32353235120764656661756C7412170A106E6F64652D312E6D61696C3A3430353315EB32A4F81807220F088080CCB5EAB3A8ED0815FBFFFFFF28033005380A4002480150065A150880A0ACA7A08D91031080B49784A48D91031A0133" },
        { new SiteProtocol.Granted(Site, 7, Epoch, 4, TimeSpan.FromSeconds(15), Learned), "s2",
            "0A2F0A246D78312E6578616D706C652E6F72672C6D78322E6578616D706C652E6F72673A32353235120764656661756C7410071A0F088080CCB5EAB3A8ED0815FBFFFFFF200428C0C3930732150880A0ACA7A08D91031080B49784A48D91031A0133" },
        { new SiteProtocol.Held(Site, 7, Epoch, TimeSpan.FromSeconds(5), SiteProtocol.HeldReason.Broken, Learned), "s3",
            "0A2F0A246D78312E6578616D706C652E6F72672C6D78322E6578616D706C652E6F72673A32353235120764656661756C7410071A0F088080CCB5EAB3A8ED0815FBFFFFFF20C096B102280132150880A0ACA7A08D91031080B49784A48D91031A0133" },
        { new SiteProtocol.Holding(Site, Node, Epoch, default, [], Learned), "s6",
            "0A2F0A246D78312E6578616D706C652E6F72672C6D78322E6578616D706C652E6F72673A32353235120764656661756C7412170A106E6F64652D312E6D61696C3A3430353315EB32A4F81A0F088080CCB5EAB3A8ED0815FBFFFFFF3A150880A0ACA7A08D91031080B49784A48D91031A0133" },
        { new DeliveryProtocol.Report(Domain, Node, 9, 1234, TimeSpan.FromMinutes(7), DeliveryProtocol.AttemptsOutcome.None, false, true, Learned), "d1",
            "0A15786E2D2D62636865722D6B76612E6578616D706C6512170A106E6F64652D312E6D61696C3A3430353315EB32A4F8180920D2092880E2A2C80140014A150880A0ACA7A08D91031080B49784A48D91031A0133" },
        { new DeliveryProtocol.Decision(Domain, 9, To, new DomainSchedule.Open(), true, TimeSpan.FromMinutes(5), Learned), "d2",
            "0A15786E2D2D62636865722D6B76612E6578616D706C6510091A7D0A2F0A246D78312E6578616D706C652E6F72672C6D78322E6578616D706C652E6F72673A32353235120764656661756C74122D0A0F6D78312E6578616D706C652E6F7267100A1A04C00002011A1020010DB80000000000000000000000012019121B0A0F6D78322E6578616D706C652E6F726710141A04C000020220192A0030013880C6868F0142150880A0ACA7A08D91031080B49784A48D91031A0133" },
        { new DeliveryProtocol.Closing(Domain, true, TimeSpan.FromMinutes(1)), "d3",
            "0A15786E2D2D62636865722D6B76612E6578616D706C65100118808ECE1C" },
        { new RulesProtocol.Digest(Node, [1, ulong.MaxValue], true, false), "r1",
            "0A170A106E6F64652D312E6D61696C3A3430353315EB32A4F812100100000000000000FFFFFFFFFFFFFFFF1801" },
        { new RulesProtocol.Told(Node, [Rule, Rule with { IsRemoved = true, Until = null }], true), "r2",
            "0A170A106E6F64652D312E6D61696C3A3430353315EB32A4F812600A0A73757370656E73696F6E120B6578616D706C652E6F72671880948AD7AB3322126E6F64652D312E6D61696C3A343035332335320576616C75653880C0858EBE8D91034205616C6963654A0A636F6D706C61696E74735080A0ACA7A08D910312590A0A73757370656E73696F6E120B6578616D706C652E6F72671880948AD7AB3322126E6F64652D312E6D61696C3A3430353323352801320576616C75654205616C6963654A0A636F6D706C61696E74735080A0ACA7A08D91031801" },
        { new HandoverProtocol.Ask(Node, 0x0123456789abcdef), "h1", "0A170A106E6F64652D312E6D61696C3A3430353315EB32A4F811EFCDAB8967452301" },
        { new HandoverProtocol.Answer(Node, "relay-1.nodes", 4054, 0xfedcba9876543210, "00112233445566778899aabbccddeeff", true), "h2", "0A170A106E6F64652D312E6D61696C3A3430353315EB32A4F8120D72656C61792D312E6E6F64657318D61F211032547698BADCFE2A2030303131323233333434353536363737383839396161626263636464656566663001" },
    };

    private static Rule Rule => new(new("suspension", "example.org"), new(1_764_072_000_000, "node-1.mail:4053#5"), IsRemoved: false, "value",
        DateTimeOffset.UnixEpoch.AddSeconds(1_764_080_000), "alice", "complaints", DateTimeOffset.UnixEpoch.AddSeconds(1_764_072_000));

    private MailClusterSerializer Serializer => new((ExtendedActorSystem)_system);

    [Theory]
    [MemberData(nameof(Messages))]
    public void Writes_todays_octets_and_reads_them_back(object message, string manifest, string octets)
    {
        var written = Serializer.ToBinary(message);

        Assert.Equal(manifest, Serializer.Manifest(message));
        Assert.Equal(octets, Convert.ToHexString(written));
        Assert.Equal(Text(message), Text(Serializer.FromBinary(written, manifest)));
    }

    [Fact]
    public void Knows_each_wire_message_there_is()
    {
        var all = typeof(IWireMessage).Assembly.GetTypes().Where(type => typeof(IWireMessage).IsAssignableFrom(type) && type is { IsClass: true, IsAbstract: false }).ToHashSet();
        var tested = Messages.Select(row => ((ITheoryDataRow)row).GetData()[0]!.GetType()).ToHashSet();

        Assert.NotEmpty(all);
        Assert.Equal(all.Select(type => type.FullName).Order(), tested.Select(type => type.FullName).Order());
    }

    [Theory]
    [MemberData(nameof(Messages))]
    public void Skips_fields_of_a_newer_release(object message, string manifest, string octets)
    {
        _ = octets;
        byte[] newer = [.. Serializer.ToBinary(message), 0xFA, 0x7F, 3, 1, 2, 3, 0xF0, 0x7F, 5];    // fields 2047 and 2046

        Assert.Equal(Text(message), Text(Serializer.FromBinary(newer, manifest)));
    }

    [Theory]
    [MemberData(nameof(Messages))]
    public void Refuses_what_is_cut_or_garbled_without_any_other_exception(object message, string manifest, string octets)
    {
        _ = octets;
        var written = Serializer.ToBinary(message);
        var random = new Random(written.Length);
        for (var cut = 0; cut < written.Length; cut++)
        {
            ReadOrRefuse(written[..cut], manifest);
            var garbled = (byte[])written.Clone();
            garbled[cut] = (byte)random.Next(256);
            ReadOrRefuse(garbled, manifest);
        }
    }

    [Fact]
    public void Reads_what_the_first_release_wrote()
    {
        var lines = File.ReadAllLines(Path.Combine(AppContext.BaseDirectory, "Wire", "first-release.txt")).Where(line => line.Length > 0 && line[0] != '#').ToList();
        var expected = Messages.Select(row => ((ITheoryDataRow)row).GetData()[0]!).Take(lines.Count).ToList();
        Assert.Equal(14, lines.Count);
        for (var i = 0; i < lines.Count; i++)
        {
            var words = lines[i].Split(' ');
            Assert.Equal(Text(expected[i]), Text(Serializer.FromBinary(Convert.FromHexString(words[1]), words[0])));
        }
    }

    [Fact]
    public void What_a_newer_release_may_say_is_read_the_careful_way()
    {
        var held = Proto.SiteHeld.Parser.ParseFrom(Serializer.ToBinary(new SiteProtocol.Held(Site, 7, Epoch, TimeSpan.FromSeconds(5), SiteProtocol.HeldReason.Broken)));
        held.Reason = 77;
        Assert.Equal(SiteProtocol.HeldReason.Taken, ((SiteProtocol.Held)Serializer.FromBinary(held.ToByteArray(), "s3")).Reason);

        var report = Proto.DeliveryReport.Parser.ParseFrom(Serializer.ToBinary(new DeliveryProtocol.Report(Domain, Node, 9, 1, TimeSpan.Zero, DeliveryProtocol.AttemptsOutcome.Reached, false)));
        report.Outcome = 77;
        Assert.Equal(DeliveryProtocol.AttemptsOutcome.None, ((DeliveryProtocol.Report)Serializer.FromBinary(report.ToByteArray(), "d1")).Outcome);

        var decision = Proto.DeliveryDecision.Parser.ParseFrom(Serializer.ToBinary(new DeliveryProtocol.Decision(Domain, 9, Nowhere, new DomainSchedule.Open(), false, TimeSpan.FromMinutes(5))));
        decision.Schedule.Kind = (Proto.Schedule.Types.Kind)77;
        decision.Nowhere.Scope = 77;
        var read = (DeliveryProtocol.Decision)Serializer.FromBinary(decision.ToByteArray(), "d2");
        Assert.IsType<DomainSchedule.Suspended>(read.Schedule);
        Assert.Equal(FailureScope.Destination, ((Route.Nowhere)read.Route).Failure.Scope);
    }

    [Fact]
    public void Puts_a_word_in_the_place_of_a_message_of_a_newer_release() => Assert.Equal(new NotUnderstood("z9"), Serializer.FromBinary([], "z9"));

    [Fact]
    public void Refuses_a_decision_without_a_route() => Assert.Throws<SerializationException>(() => Serializer.FromBinary([], "d2"));

    public void Dispose() => _system.Dispose();

    private void ReadOrRefuse(byte[] octets, string manifest)
    {
        try
        {
            Serializer.FromBinary(octets, manifest);
        }
        catch (SerializationException)
        {
            // What Akka expects; the message is dropped, the association stays.
        }
    }

    /// <summary>Records with arrays in them compare by reference; their content as text does not.</summary>
    private static string Text(object value) => value switch
    {
        DeliveryProtocol.Decision decision => $"{decision with { Route = null! }} {Text(decision.Route)}",
        Route.To to => $"{to.Site} {string.Join(';', to.Hosts.Select(host => $"{host.Name} {host.Preference} {host.Port} {string.Join(',', host.Addresses)}"))}",
        Route.Nowhere { Failure: var failure } => $"{failure.Scope} {failure.Reply.Code} {failure.Reply.Status} {string.Join('|', failure.Reply.Lines)} {failure.RemoteMta} {failure.IsLocal}",
        RulesProtocol.Digest digest => $"{digest with { Parts = [] }} {string.Join(',', digest.Parts)}",
        RulesProtocol.Told told => $"{told with { Rules = [] }} {string.Join(',', told.Rules)}",
        SiteProtocol.Holding holding => $"{holding with { Gone = [] }} {string.Join(';', holding.Gone)}",
        _ => value.ToString()!,
    };
}
