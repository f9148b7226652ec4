using MailCluster.Protocol.Commands;
using MailCluster.Protocol.Replies;

namespace MailCluster.Protocol.Server;

/// <summary>
/// A session from greeting to close: its state, and what is counted over all states. Refused commands (5xx) count until a message is accepted, as with
/// other servers: a client with a bad address in each of its thousand messages is no attacker. Refused content and 4xx, which our own limits cause, do not count.
/// </summary>
/// <param name="rules">The listener's.</param>
public sealed class ServerSession(SessionRules rules)
{
    private static readonly SessionState.Connected s_connected = new();

    /// <summary>A session with the load balancer itself.</summary>
    /// <param name="rules">The listener's.</param>
    /// <param name="probe">Where it begins, and stays.</param>
    public ServerSession(SessionRules rules, SessionState.Probe probe) : this(rules) => State = probe;

    /// <summary>Where it stands.</summary>
    public SessionState State { get; private set; } = s_connected;

    /// <summary>Refused commands since the last accepted message.</summary>
    public int Errors { get; private set; }

    /// <summary>Transactions begun.</summary>
    public int Transactions { get; private set; }

    /// <summary>A command came.</summary>
    public Transition On(Command command)
    {
        if (command is Command.Mail && Transactions >= rules.Transactions && State is SessionState.Ready or SessionState.ChunksRefused)
        {
            return Go(SessionState.End(Replies.Replies.TooManyTransactions));
        }
        return Go(Count(State.On(command, rules)));
    }

    /// <inheritdoc cref="SessionState.On(in Outcome.MailVerdict)"/>
    public Transition On(in Outcome.MailVerdict verdict)
    {
        var transition = State.On(verdict);
        if (transition.Next is SessionState.Transaction)
        {
            Transactions++;
        }
        return Go(Count(transition));
    }

    /// <inheritdoc cref="SessionState.On(in Outcome.RecipientVerdict)"/>
    public Transition On(in Outcome.RecipientVerdict verdict) => Go(Count(State.On(verdict)));

    /// <inheritdoc cref="SessionState.On(in Outcome.SpoolOpened)"/>
    public Transition On(in Outcome.SpoolOpened opened) => Go(State.On(opened));

    /// <inheritdoc cref="SessionState.On(in Outcome.ContentReceived, SessionRules)"/>
    public Transition On(in Outcome.ContentReceived received) => Go(State.On(received, rules));

    /// <inheritdoc cref="SessionState.On(in Outcome.ContentStored)"/>
    public Transition On(in Outcome.ContentStored stored)
    {
        if (stored.Refusal is null)
        {
            Errors = 0;
        }
        return Go(State.On(stored));
    }

    /// <summary>Ends the session from outside: time, shutdown, an operator.</summary>
    public Transition End(Reply reply) => Go(SessionState.End(reply));

    private Transition Count(in Transition transition)
    {
        var reply = transition.Reply ?? (transition.Effect as Effect.SkipChunk)?.Reply;
        return reply is { IsPermanent: true } && transition.Next is not SessionState.Closed && ++Errors >= rules.Errors
            ? SessionState.End(Replies.Replies.TooManyErrors)
            : transition;
    }

    private Transition Go(in Transition transition)
    {
        State = transition.Next;
        return transition;
    }
}
