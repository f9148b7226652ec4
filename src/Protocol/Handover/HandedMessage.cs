namespace MailCluster.Protocol.Handover;

/// <summary>A message on its way from a donor to a receiver, as MAIL announces it.</summary>
/// <param name="Id">Its queue id.</param>
/// <param name="Mark">The number of the donor's mark of it: with the donor and the id it names this handover and no other.</param>
/// <param name="StateSize">Octets of the chunk with envelope and state.</param>
/// <param name="ContentSize">Octets of content.</param>
public readonly record struct HandedMessage(string Id, int Mark, int StateSize, long ContentSize);
