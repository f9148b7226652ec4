namespace MailCluster.Protocol.Client;

/// <summary>What a <see cref="MailTransaction"/> decided about a reply.</summary>
/// <param name="State">Where the transaction stands now.</param>
/// <param name="Verdict">What that means for recipients.</param>
/// <param name="Recipient">For a verdict on one recipient, its number in the transaction.</param>
public readonly record struct TransactionTransition(MailTransaction State, TransactionVerdict Verdict, int Recipient = -1);
