// The same run as commands and as YAML, to be pasted elsewhere. Values of sensitive params are never in them.

// quote makes text one word for a POSIX shell.
export function quote(text: string): string {
  return /^[A-Za-z0-9_./:=@%+-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
}

export function asCurl(origin: string, path: string, params: string, authenticated: boolean): string {
  const token = authenticated ? ` \\\n  -H "Authorization: Bearer $TOKEN"` : ''
  return `curl -X POST ${quote(origin + path)}${token} \\\n  -H 'Content-Type: application/json' \\\n  -d ${quote(`{"params":${params}}`)}`
}

// asYAML writes a TaskExecution. JSON is YAML, so params are written as JSON. Sensitive params are left to a Secret.
export function asYAML(namespace: string, taskName: string, params: string, secrets: string[], fixedName: boolean): string {
  const lines = ['apiVersion: taskexec.dev/v1alpha1', 'kind: TaskExecution', 'metadata:']
  lines.push(fixedName ? `  name: ${taskName}-1` : `  generateName: ${taskName}-`)
  if (namespace) lines.push(`  namespace: ${namespace}`)
  lines.push('spec:', `  taskRef: {name: ${JSON.stringify(taskName)}}`)
  if (params !== '{}') lines.push(`  params: ${params}`)
  if (secrets.length) lines.push(`  secretParams: {secretName: ${taskName}-params, names: ${JSON.stringify(secrets)}}`)
  return lines.join('\n') + '\n'
}

export function asKubectl(namespace: string, taskName: string, params: string, secrets: string[]): string {
  return `kubectl create -f - <<'EOF'\n${asYAML(namespace, taskName, params, secrets, false)}EOF`
}
