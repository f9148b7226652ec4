using System.Threading.Tasks.Sources;
using Akka.Actor;
using MailCluster.Protocol.Replies;

namespace MailCluster.Actors.Sessions;

/// <summary>
/// What a connection asks its actor, and the source of the task it waits on: no ask actor, no timer, no garbage. A session has one and uses it again
/// and again; it never asks two things at once. Answered exactly once, also where the actor stops before it comes to it.
/// </summary>
public sealed class SessionQuestion : IValueTaskSource<Reply?>, INoSerializationVerificationNeeded
{
    private const int Asked = 1;
    private const int Answered = 2;

    // Asynchronously, or the connection would write its socket on the actor's thread.
    private ManualResetValueTaskSourceCore<Reply?> _source = new() { RunContinuationsAsynchronously = true };
    private int _state;

    internal SessionQuestion(SessionHandle session) => Session = session;

    /// <summary>Who asks.</summary>
    public SessionHandle Session { get; }

    /// <summary>What about.</summary>
    public SessionSubject Subject { get; private set; }

    /// <summary>Answers, unless that has been done.</summary>
    /// <param name="refusal">Null for yes.</param>
    public void Answer(Reply? refusal)
    {
        if (Interlocked.CompareExchange(ref _state, Answered, Asked) == Asked)
        {
            _source.SetResult(refusal);
        }
    }

    internal ValueTask<Reply?> Begin(SessionSubject subject)
    {
        _source.Reset();
        Subject = subject;
        Interlocked.Exchange(ref _state, Asked);
        return new(this, _source.Version);
    }

    Reply? IValueTaskSource<Reply?>.GetResult(short token) => _source.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource<Reply?>.GetStatus(short token) => _source.GetStatus(token);

    void IValueTaskSource<Reply?>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _source.OnCompleted(continuation, state, token, flags);
}
