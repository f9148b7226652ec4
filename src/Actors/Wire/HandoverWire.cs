using MailCluster.Actors.Handover;

namespace MailCluster.Actors.Wire;

/// <summary>What is said about internal listeners.</summary>
internal static class HandoverWire
{
    public static Proto.HandoverAsk Write(HandoverProtocol.Ask ask) => new() { Node = CommonWire.Write(ask.Node), Spool = ask.Spool };

    public static HandoverProtocol.Ask Read(Proto.HandoverAsk ask) => new(CommonWire.Read(ask.Node), ask.Spool);

    public static Proto.HandoverAnswer Write(HandoverProtocol.Answer answer) => new()
    {
        Node = CommonWire.Write(answer.Node),
        Host = answer.Host,
        Port = answer.Port,
        Spool = answer.Spool,
        Ticket = answer.Ticket,
        Takes = answer.Takes,
    };

    public static HandoverProtocol.Answer Read(Proto.HandoverAnswer answer) =>
        new(CommonWire.Read(answer.Node), answer.Host, answer.Port, answer.Spool, answer.Ticket, answer.Takes);
}
