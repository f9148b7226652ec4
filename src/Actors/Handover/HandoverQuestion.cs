namespace MailCluster.Actors.Handover;

/// <summary>
/// Asked once, when the node is told to stop and no operator has said what is to become of its mail. It has some ten seconds until <paramref name="cancellation"/>;
/// what it throws is logged and counts as no. Registered as a singleton; where none is, the node keeps its mail.
/// </summary>
public delegate Task<HandoverWish> HandoverQuestion(CancellationToken cancellation);
