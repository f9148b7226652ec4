using Akka.Actor;
using MailCluster.Protocol.Replies;

namespace MailCluster.Actors.Sessions;

/// <summary>
/// One connection's actor: it owns the session's identity and lifetime and answers for the node whether its mail is taken. The connection's loop reads
/// and parses by itself and asks here at MAIL and at the end of data.
/// </summary>
/// <param name="session">The session.</param>
public sealed class SessionActor(SessionHandle session) : UntypedActor
{
    /// <inheritdoc/>
    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case SessionQuestion question:
                question.Answer(Decide(question.Subject));
                break;
            case SessionProtocol.End:
                session.End(Replies.EndedByOperator);
                break;
            case SessionProtocol.Closed:
                Context.Stop(Self);
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    /// <summary>A connection whose actor is gone, for whatever reason, is told so and does not wait.</summary>
    protected override void PostStop()
    {
        session.Stopped();
        session.End(Replies.NotAvailable);
    }

    private Reply? Decide(SessionSubject subject)
    {
        var condition = session.Reception.Condition;
        return subject == SessionSubject.Mail ? Admission.AtMail(condition, session.Reception.Limits) : Admission.AtEndOfData(condition);
    }
}
