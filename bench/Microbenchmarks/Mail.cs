using System.Text;

namespace MailCluster.Microbenchmarks;

/// <summary>Mail as it comes: a header of some lines, a body of 70-octet lines.</summary>
internal static class Mail
{
    private const string Header = """
        Received: from app.example.org (app.example.org [192.0.2.17])
        	by relay.example.net with ESMTP id 4bC9Xk2Zq1;
        	Tue, 24 Nov 2026 06:47:12 +0000
        Date: Tue, 24 Nov 2026 06:47:11 +0000
        From: "The Shop" <news@shop.example.org>
        To: somebody@example.net
        Subject: Your order 1234567 has left our warehouse
        Message-ID: <20261124064711.1234567@shop.example.org>
        MIME-Version: 1.0
        Content-Type: text/plain; charset=utf-8
        Content-Transfer-Encoding: quoted-printable
        List-Unsubscribe: <https://shop.example.org/u/0123456789abcdef>


        """;

    /// <summary>Content of about <paramref name="size"/> octets.</summary>
    /// <param name="size">Octets.</param>
    /// <param name="dotEvery">One line in so many begins with a dot; 0 for none.</param>
    public static byte[] Content(int size, int dotEvery = 0)
    {
        var text = new StringBuilder(Header.ReplaceLineEndings("\r\n"));
        for (var line = 1; text.Length < size; line++)
        {
            text.Append(dotEvery > 0 && line % dotEvery == 0 ? '.' : 'T').Append('x', 69).Append("\r\n");
        }

        return Encoding.ASCII.GetBytes(text.ToString());
    }
}
