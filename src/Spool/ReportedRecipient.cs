namespace MailCluster.Spool;

/// <summary>A recipient by the number of its destination in the envelope and its own number there.</summary>
public readonly record struct ReportedRecipient(int Destination, int Recipient);
