using System.Collections.Concurrent;
using Akka.Actor;
using Akka.Configuration;
using Akka.Event;
using Akka.Serialization;
using MailCluster.Actors.Sites;
using MailCluster.Actors.Wire;

namespace MailCluster.Actors.Tests.Wire;

/// <summary>Two nodes in this process, over a real socket; one of them says what the other's release does not know.</summary>
public sealed class NewerNodeTests : IAsyncLifetime
{
    private const string Settings = """
        akka {
          actor.provider = remote
          remote.dot-netty.tcp { hostname = "127.0.0.1", port = 0 }
          loglevel = WARNING
          stdout-loglevel = OFF
        }
        """;

    private readonly ActorSystem _newer = ActorSystem.Create("mailcluster", ConfigurationFactory.ParseString($$"""
        akka.actor {
          serializers.mailcluster = "{{typeof(NewerSerializer).AssemblyQualifiedName}}"
          serialization-bindings { "{{typeof(IWireMessage).AssemblyQualifiedName}}" = mailcluster, "{{typeof(Novelty).AssemblyQualifiedName}}" = mailcluster }
        }
        {{Settings}}
        """));

    private readonly ActorSystem _older = ActorSystem.Create("mailcluster", ConfigurationFactory.ParseString($$"""
        akka.loggers = ["{{typeof(Log).AssemblyQualifiedName}}"]
        akka.actor {
          serializers.mailcluster = "{{typeof(MailClusterSerializer).AssemblyQualifiedName}}"
          serialization-bindings { "{{typeof(IWireMessage).AssemblyQualifiedName}}" = mailcluster }
        }
        {{Settings}}
        """));

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await _newer.Terminate();
        await _older.Terminate();
    }

    [Fact]
    public async Task A_message_of_a_newer_release_is_dropped_and_said_once_and_what_follows_it_arrives()
    {
        Log.Lines.Clear();
        var inbox = Inbox.Create(_older);
        var address = ((ExtendedActorSystem)_older).Provider.DefaultAddress;
        var remote = _newer.ActorSelection(new RootActorPath(address) / inbox.Receiver.Path.Elements);
        var node = new NodeId("newer:1", 1);

        remote.Tell(new FenceProtocol.Ping(node, 1));
        Assert.Equal(1, Assert.IsType<FenceProtocol.Ping>(await inbox.ReceiveAsync(TimeSpan.FromSeconds(20))).Number);
        for (var i = 0; i < 20; i++)
        {
            remote.Tell(new Novelty());
        }
        remote.Tell(new FenceProtocol.Ping(node, 2));
        object message;
        do
        {
            message = await inbox.ReceiveAsync(TimeSpan.FromSeconds(20));
        }
        while (message is NotUnderstood);
        Assert.Equal(2, Assert.IsType<FenceProtocol.Ping>(message).Number);
        var deadline = DateTime.UtcNow + TimeSpan.FromSeconds(20);
        while (Log.Lines.IsEmpty && DateTime.UtcNow < deadline)
        {
            await Task.Yield();
        }
        Assert.Single(Log.Lines, line => line.Contains("z9", StringComparison.Ordinal));
        Assert.DoesNotContain(Log.Lines, line => !line.Contains("z9", StringComparison.Ordinal));
    }

    /// <summary>What a release to come may say.</summary>
    public sealed record Novelty;

    /// <summary>That release's serializer.</summary>
    public sealed class NewerSerializer(ExtendedActorSystem system) : SerializerWithStringManifest(system)
    {
        private readonly MailClusterSerializer _today = new(system);

        public override int Identifier => MailClusterSerializer.Id;

        public override string Manifest(object o) => o is Novelty ? "z9" : _today.Manifest(o);

        public override byte[] ToBinary(object obj) => obj is Novelty ? [8, 1] : _today.ToBinary(obj);

        public override object FromBinary(byte[] bytes, string manifest) => _today.FromBinary(bytes, manifest);
    }

    public sealed class Log : ReceiveActor
    {
        public static readonly ConcurrentQueue<string> Lines = new();

        public Log()
        {
            Receive<InitializeLogger>(_ => Sender.Tell(new LoggerInitialized()));
            Receive<LogEvent>(line =>
            {
                if (line.LogLevel() >= LogLevel.WarningLevel)
                {
                    Lines.Enqueue($"{line.LogClass.Name}: {line.Message}");
                }
            });
        }
    }
}
