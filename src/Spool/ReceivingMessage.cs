namespace MailCluster.Spool;

/// <summary>What a spool says to a message that is offered by handover.</summary>
/// <param name="Verdict">Whether it can be received.</param>
/// <param name="Writer">Takes the content, where it can; to be committed with where its entries stand.</param>
public readonly record struct ReceivingMessage(HandoverVerdict Verdict, SpoolWriter? Writer);
