namespace MailCluster.Spool;

/// <summary>What became of one recipient in an attempt, or by expiry or an operator.</summary>
/// <param name="Recipient">Its number in the <see cref="EnvelopeDestination"/>.</param>
/// <param name="Status">Where it stands now.</param>
/// <param name="Detail">For an open or failed recipient, what the report will say. Null where there is nothing to say.</param>
public readonly record struct RecipientOutcome(int Recipient, RecipientStatus Status, OutcomeDetail? Detail);
