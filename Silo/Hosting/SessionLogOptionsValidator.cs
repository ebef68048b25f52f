using Microsoft.Extensions.Options;
using OrleansLM.Silo.Log.Sqlite;

namespace OrleansLM.Silo.Hosting;

[OptionsValidator]
internal sealed partial class SessionLogOptionsValidator : IValidateOptions<SessionLogOptions>;
