namespace MailCluster.Node.Sink;

/// <summary>A message that the sink took.</summary>
/// <param name="Number">From 1, in the order of taking.</param>
/// <param name="At">When its end came.</param>
/// <param name="Client">What the client said in EHLO or HELO.</param>
/// <param name="Mail">The argument of MAIL as it came, after <c>FROM:</c>.</param>
/// <param name="Recipients">The arguments of RCPT as they came, after <c>TO:</c>.</param>
/// <param name="Size">Octets of content.</param>
/// <param name="Subject">The Subject field, decoded, on one line; empty where there is none.</param>
/// <param name="Sha256">Of the content, hexadecimal.</param>
internal sealed record SinkMessage(long Number, DateTimeOffset At, string Client, string Mail, IReadOnlyList<string> Recipients, long Size, string Subject, string Sha256);
