using System.Threading.Channels;
using Akka.Actor;

namespace MailCluster.Cluster.Tests;

/// <summary>What is answered to a test that is no actor. Akka's own inbox goes on to give messages to a receiver that has given up waiting, so that each later one misses its own.</summary>
internal sealed class Answers
{
    private readonly ChannelReader<object> _messages;

    public Answers(ActorSystem system)
    {
        var channel = Channel.CreateUnbounded<object>();
        _messages = channel.Reader;
        Receiver = system.ActorOf(Props.Create(() => new Keeper(channel.Writer)));
    }

    /// <summary>To whom answers go.</summary>
    public IActorRef Receiver { get; }

    /// <summary>The next message.</summary>
    /// <exception cref="TimeoutException">None came in time.</exception>
    public async Task<object> ReceiveAsync(TimeSpan within)
    {
        using var limit = new CancellationTokenSource(within);
        try
        {
            return await _messages.ReadAsync(limit.Token);
        }
        catch (OperationCanceledException e)
        {
            throw new TimeoutException($"Nothing came within {within}.", e);
        }
    }

    private sealed class Keeper(ChannelWriter<object> messages) : UntypedActor
    {
        protected override void OnReceive(object message) => messages.TryWrite(message);
    }
}
