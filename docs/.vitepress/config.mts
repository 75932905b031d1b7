import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { defineConfig, type DefaultTheme } from 'vitepress'

const repository = 'https://github.com/taskexec/taskexec'
const docs = resolve(import.meta.dirname, '..')
const root = resolve(docs, '..')

// GitHub's anchors, so that a link to a section works in both places.
const slugify = (heading: string) =>
  heading.trim().toLowerCase().replace(/[^\p{L}\p{N}\p{M}\s_-]/gu, '').replace(/\s/g, '-')

// Search has no spaces to split Chinese at: each character and each pair of characters is a word. VitePress sends this function
// to the browser as text, so it uses nothing from outside.
const tokenize = (text: string) => {
  const words: string[] = []
  for (const run of text.toLowerCase().match(/[\p{Script=Han}]+|[^\p{Script=Han}\s\p{P}]+/gu) ?? []) {
    if (!/\p{Script=Han}/u.test(run)) words.push(run)
    else for (let i = 0; i < run.length; i++) words.push(run[i], ...(i + 1 < run.length ? [run.slice(i, i + 2)] : []))
  }
  return words
}

// A link that leaves docs becomes a link to the repository. What it names must exist.
function linksToTheRepository(md: any) {
  md.core.ruler.push('links_to_the_repository', (state: any) => {
    const page: string | undefined = state.env.path
    if (!page) return
    for (const block of state.tokens) {
      for (const token of block.children ?? []) {
        const href: string | null = token.type === 'link_open' ? token.attrGet('href') : null
        if (!href || /^([a-z]+:|#|\/)/i.test(href)) continue
        const [path, anchor] = decodeURI(href).split('#')
        const target = resolve(dirname(page), path)
        if (!relative(docs, target).startsWith('..')) continue
        if (!existsSync(target)) throw new Error(`${relative(root, page)} has a dead link: ${href}`)
        const kind = statSync(target).isDirectory() ? 'tree' : 'blob'
        token.attrSet('href', `${repository}/${kind}/main/${relative(root, target)}${anchor ? '#' + anchor : ''}`)
      }
    }
  })
}

const titleOf = (file: string) => /^# +(.+)$/m.exec(readFileSync(file, 'utf8'))![1]

function pages(prefix: string, folder: string, order: string[]): DefaultTheme.SidebarItem[] {
  const there = readdirSync(join(docs, prefix, folder)).filter((f) => f.endsWith('.md')).map((f) => f.slice(0, -3))
  const missing = there.filter((f) => !order.includes(f))
  if (missing.length) throw new Error(`the navigation lacks ${missing} of docs/${prefix}${folder}`)
  return order.map((name) => {
    const title = titleOf(join(docs, prefix, folder, name + '.md'))
    return { text: title.split(/[:：]/)[0], link: `/${prefix}${folder}/${name}` }
  })
}

const using = ['console', 'tasks', 'params', 'runs', 'concurrency', 'logs', 'schedules', 'kubectl', 'gitops', 'rest']
const operating = ['install', 'access', 'security', 'archive', 'backup', 'monitoring', 'limits']
const developing = ['architecture', 'testing']
const reference = existsSync(join(docs, 'reference/resources.md')) ? '/reference/resources' : undefined

const decisions = readdirSync(join(docs, 'decisions')).filter((f) => /^\d{4}-.*\.md$/.test(f)).sort()
  .map((f) => ({ text: titleOf(join(docs, 'decisions', f)), link: `/decisions/${f.slice(0, -3)}` }))

const english: DefaultTheme.SidebarItem[] = [
  { text: 'Using', collapsed: false, items: [...pages('', 'using', using), ...(reference ? [{ text: 'Resources', link: reference }] : [])] },
  {
    text: 'Operating', collapsed: false, items: [
      ...pages('', 'operating', operating),
      { text: 'Performance', link: '/performance' }, { text: 'Faults', link: '/faults' }, { text: 'Attacks', link: '/attacks' },
    ],
  },
  { text: 'Developing', collapsed: false, items: [...pages('', 'developing', developing), { text: 'Glossary', link: '/glossary' }] },
  { text: 'Decisions', collapsed: true, items: [{ text: 'Index', link: '/decisions/' }, ...decisions] },
]

const chinese: DefaultTheme.SidebarItem[] = [
  { text: '使用', collapsed: false, items: [...pages('zh/', 'using', using), ...(reference ? [{ text: '资源字段（英文）', link: reference }] : [])] },
  {
    text: '运维', collapsed: false, items: [
      ...pages('zh/', 'operating', operating),
      { text: '性能（英文）', link: '/performance' }, { text: '故障（英文）', link: '/faults' }, { text: '攻击（英文）', link: '/attacks' },
    ],
  },
  {
    text: '开发（英文）', collapsed: false, items: [
      { text: '架构', link: '/developing/architecture' }, { text: '测试', link: '/developing/testing' },
      { text: '设计决定', link: '/decisions/' }, { text: '术语表', link: '/glossary' },
    ],
  },
]

export default defineConfig({
  title: 'Taskexec',
  head: [['link', { rel: 'icon', type: 'image/svg+xml', href: '/favicon.svg' }]],
  outDir: '../dist/docs',
  rewrites: { 'decisions/README.md': 'decisions/index.md' },
  cleanUrls: false, // pages open from any file server
  markdown: { anchor: { slugify }, toc: { slugify }, config: linksToTheRepository },
  themeConfig: {
    socialLinks: [{ icon: 'github', link: repository }],
    search: {
      provider: 'local',
      options: {
        miniSearch: { options: { tokenize }, searchOptions: { prefix: true, combineWith: 'AND' } },
        locales: {
          zh: {
            translations: {
              button: { buttonText: '搜索', buttonAriaLabel: '搜索' },
              modal: {
                displayDetails: '显示详情', resetButtonTitle: '清除', backButtonTitle: '返回', noResultsText: '没有结果：',
                footer: { selectText: '选择', navigateText: '切换', closeText: '关闭' },
              },
            },
          },
        },
      },
    },
  },
  locales: {
    root: {
      label: 'English', lang: 'en',
      description: 'Run tasks on Kubernetes as Jobs, and keep what became of them.',
      themeConfig: {
        nav: [
          { text: 'Using', link: '/using/tasks', activeMatch: '^/using/' },
          { text: 'Operating', link: '/operating/install', activeMatch: '^/operating/' },
          { text: 'Developing', link: '/developing/architecture', activeMatch: '^/(developing|decisions)/' },
        ],
        sidebar: { '/': english },
        outline: { level: [2, 3] },
      },
    },
    zh: {
      label: '简体中文', lang: 'zh-CN', link: '/zh/',
      description: '在 Kubernetes 上以 Job 运行任务，并留存结果。',
      themeConfig: {
        nav: [
          { text: '使用', link: '/zh/using/tasks', activeMatch: '^/zh/using/' },
          { text: '运维', link: '/zh/operating/install', activeMatch: '^/zh/operating/' },
          { text: '开发（英文）', link: '/developing/architecture' },
        ],
        sidebar: { '/zh/': chinese },
        outline: { level: [2, 3], label: '本页内容' },
        docFooter: { prev: '上一页', next: '下一页' },
        darkModeSwitchLabel: '外观', lightModeSwitchTitle: '切换到浅色', darkModeSwitchTitle: '切换到深色',
        sidebarMenuLabel: '目录', returnToTopLabel: '返回顶部', langMenuLabel: '语言', skipToContentLabel: '跳到正文',
        notFound: { title: '页面不存在', quote: '链接可能已失效。', linkText: '返回首页', linkLabel: '返回首页' },
      },
    },
  },
})
