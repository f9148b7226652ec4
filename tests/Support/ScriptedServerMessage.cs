namespace MailCluster.Tests.Support;

/// <summary>A message that a <see cref="ScriptedServer"/> took or saw the beginning of.</summary>
/// <param name="Connection">The connection's number, from 0.</param>
/// <param name="Mail">The MAIL line.</param>
/// <param name="Rcpts">The RCPT lines that were answered 2xx.</param>
/// <param name="Content">The octets, dot-stuffing undone.</param>
/// <param name="Transfer">DATA or BDAT.</param>
/// <param name="IsEncrypted">Came under TLS.</param>
public sealed record ScriptedServerMessage(int Connection, string Mail, IReadOnlyList<string> Rcpts, byte[] Content, string Transfer, bool IsEncrypted);
