using MailCluster.Protocol.Commands;
using MailCluster.Protocol.Content;

namespace MailCluster.Protocol.Notifications;

/// <summary>What the envelope of a report must say of its content.</summary>
/// <param name="Body">BODY: 8BITMIME where a message is returned that has 8-bit octets.</param>
/// <param name="SmtpUtf8">SMTPUTF8: where the reverse-path that it goes to is no ASCII.</param>
/// <param name="Traits">The content's.</param>
public readonly record struct NotificationNeeds(BodyType Body, bool SmtpUtf8, ContentTraits Traits);
