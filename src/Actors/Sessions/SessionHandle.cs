using Akka.Actor;
using MailCluster.Protocol.Replies;

namespace MailCluster.Actors.Sessions;

/// <summary>What a connection and its <see cref="SessionActor"/> know of each other.</summary>
/// <remarks>It also makes the actor: 10,000 sessions should not hold 10,000 expression trees.</remarks>
/// <param name="reception">The node's reception.</param>
/// <param name="number">The session's number on this node, from 1.</param>
/// <param name="end">Called when the actor wants the connection ended; from any thread.</param>
public sealed class SessionHandle(Reception reception, long number, Action<Reply> end) : IIndirectActorProducer
{
    private readonly Reception _reception = reception;
    private SessionQuestion? _question;
    private volatile IActorRef? _actor;
    private volatile bool _stopped;
    private bool _opened;

    /// <summary>The session's number on this node.</summary>
    public long Number { get; } = number;

    /// <summary>The session's name in logs, events and envelopes; unique over nodes and restarts.</summary>
    public string Id => field ??= $"{_reception.Incarnation:x8}-{Number:x}";

    /// <summary>The node's reception.</summary>
    internal Reception Reception => _reception;

    /// <summary>The actor; null until its supervisor has made it.</summary>
    internal IActorRef? Actor
    {
        get => _actor;
        set => _actor = value;
    }

    /// <inheritdoc/>
    Type IIndirectActorProducer.ActorType => typeof(SessionActor);

    /// <summary>Has the actor made. Messages sent before it is there go the same way and so come after.</summary>
    internal void Open()
    {
        _opened = true;
        _reception.Sessions.Tell(new SessionProtocol.Open(this), ActorRefs.NoSender);
    }

    /// <summary>Has the actor stopped.</summary>
    internal void Close()
    {
        if (_opened)
        {
            Recipient.Tell(new SessionProtocol.Closed(this), ActorRefs.NoSender);
        }
    }

    /// <summary>Asks the actor.</summary>
    /// <returns>Null for yes, else the refusal.</returns>
    internal ValueTask<Reply?> AskAsync(SessionSubject subject)
    {
        _question ??= new(this);
        var answer = _question.Begin(subject);
        Recipient.Tell(_question, ActorRefs.NoSender);
        // One of us sees the other: it stopped before the question was marked as asked, or it answers it when it stops.
        if (_stopped)
        {
            _question.Answer(Replies.NotAvailable);
        }
        return answer;
    }

    /// <summary>Ends the connection.</summary>
    internal void End(Reply reply) => end(reply);

    /// <summary>The actor has stopped and answers no more.</summary>
    internal void Stopped()
    {
        _stopped = true;
        Interlocked.MemoryBarrier();
        _question?.Answer(Replies.NotAvailable);
    }

    private IActorRef Recipient => _actor ?? _reception.Sessions;

    ActorBase IIndirectActorProducer.Produce() => new SessionActor(this);

    void IIndirectActorProducer.Release(ActorBase actor) { }
}
